//! What a worker does when it no longer holds what it works on.

use std::sync::atomic::Ordering;
use std::time::Duration;

use jct_lifecycle::{ReasonCode, TaskStatus};
use jct_store::model::TaskState;
use jct_store::{ChangeAnswer, StatusAction, StatusChange};

use crate::harness::{NewSpec, Tower, operator, until};

async fn cancel(tower: &Tower, task_id: jct_contract::TaskId) {
    let action = StatusAction::Cancel { note: None };
    let change = StatusChange { task_id, by: operator(), fence: None, action };
    assert_eq!(tower.store.change_status(change).await.unwrap(), ChangeAnswer::CancelRequested);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_lease_kills_the_work_and_nothing_of_it_is_reported() {
    let tower = Tower::new().await;
    let id = tower.enqueue(NewSpec::of("ignore")).await;
    let worker = tower.start(tower.options());
    until("the work runs", async || (tower.probe.started() == 1).then_some(())).await;
    let before = tower.events(id).await.len();
    tower.faulty.lose_leases(true);
    until("the work is killed", async || (tower.probe.killed() == 1).then_some(())).await;
    let report = worker.stop().await;
    assert_eq!((report.lost, report.claimed), (1, 1));
    assert_eq!(tower.faulty.settlements.load(Ordering::SeqCst), 0);
    assert_eq!(tower.events(id).await.len(), before);
    assert_eq!(tower.unsealed(), 0);
    assert!(!tower.task_folder(id).exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lease_that_cannot_be_renewed_is_given_up_before_the_database_ends_it() {
    let tower = Tower::new().await;
    let id = tower.enqueue(NewSpec::of("ignore")).await;
    tower.faulty.fail_heartbeats(true);
    let options = tower.options().with_lease(Duration::from_secs(2), Duration::from_millis(50)).unwrap();
    let worker = tower.start(options);
    until("the work is killed", async || (tower.probe.killed() == 1).then_some(())).await;
    // The lease was given up first: whatever the database says of it now, the work is dead.
    let report = worker.stop().await;
    assert_eq!(report.lost, 1);
    assert!(tower.faulty.heartbeats.load(Ordering::SeqCst) > 1);
    assert_eq!(tower.faulty.settlements.load(Ordering::SeqCst), 0);

    // Another worker's reaper ends the lease, and the attempt counts as lost.
    tower.faulty.fail_heartbeats(false);
    let worker = tower.start(tower.options());
    until("it runs again", async || (tower.probe.started() == 2).then_some(())).await;
    assert_eq!(tower.reasons(id).await, [Some(ReasonCode::LeaseLost), None]);
    cancel(&tower, id).await;
    worker.terminate();
    worker.terminate();
    worker.stopped().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_event_means_that_the_lease_is_lost() {
    let tower = Tower::new().await;
    tower.enqueue(NewSpec { inputs: serde_json::json!({ "lines": 1 }), ..NewSpec::of("say_and_ignore") }).await;
    tower.faulty.refuse_records();
    let worker = tower.start(tower.options());
    until("the work is killed", async || (tower.probe.killed() == 1).then_some(())).await;
    assert_eq!(worker.stop().await.lost, 1);
    assert_eq!(tower.faulty.settlements.load(Ordering::SeqCst), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancellation_is_heard_with_the_next_heartbeat() {
    let tower = Tower::new().await;
    let id = tower.enqueue(NewSpec::of("obey")).await;
    let worker = tower.start(tower.options());
    until("the work runs", async || (tower.probe.started() == 1).then_some(())).await;
    cancel(&tower, id).await;
    tower.until(id, TaskStatus::Cancelled).await;
    assert_eq!(worker.stop().await.cancelled, 1);
    let finished = tower.finished(id).await;
    assert_eq!(finished.reason, ReasonCode::Cancelled);
    tower.verified(id, 1, finished.trace());
    assert_eq!(tower.probe.killed(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn work_that_ignores_a_cancellation_is_killed() {
    let tower = Tower::new().await;
    let id = tower.enqueue(NewSpec::of("ignore")).await;
    let worker = tower.start(tower.options().with_stop_patience(Duration::from_millis(10)));
    until("the work runs", async || (tower.probe.started() == 1).then_some(())).await;
    cancel(&tower, id).await;
    tower.until(id, TaskStatus::Cancelled).await;
    assert_eq!(worker.stop().await.cancelled, 1);
    assert_eq!(tower.probe.killed(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn work_that_finished_before_it_heard_of_the_cancellation_counts() {
    let tower = Tower::new().await;
    let id = tower.enqueue(NewSpec::of("finish_when_told")).await;
    let worker = tower.start(tower.options());
    until("the work runs", async || (tower.probe.started() == 1).then_some(())).await;
    cancel(&tower, id).await;
    tower.until(id, TaskStatus::Completed).await;
    assert_eq!(worker.stop().await.completed, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn heartbeats_keep_a_lease_alive_past_its_first_end() {
    let tower = Tower::new().await;
    let id = tower.enqueue(NewSpec::of("obey")).await;
    let options = tower.options().with_lease(Duration::from_secs(5), Duration::from_millis(50)).unwrap();
    let worker = tower.start(options);
    let first_end = match tower.until(id, TaskStatus::Running).await.state {
        TaskState::Running { expires_at, .. } => expires_at,
        other => panic!("not running: {other:?}"),
    };
    until("its first end has passed", async || (tower.store.now().await.unwrap() > first_end).then_some(())).await;
    assert!(matches!(tower.task(id).await.state, TaskState::Running { attempt: 1, .. }));
    cancel(&tower, id).await;
    tower.until(id, TaskStatus::Cancelled).await;
    worker.stop().await;
}
