//! Shutting down: nothing more is claimed, what runs finishes or goes back, and no try is burnt.

use std::time::Duration;

use jct_lifecycle::{ReasonCode, TaskStatus};
use jct_store::model::TaskState;

use crate::harness::{NewSpec, Tower, until};

/// Attempts made and allowed so far.
async fn counted(tower: &Tower, id: jct_contract::TaskId) -> (u32, u32) {
    match tower.task(id).await.state {
        TaskState::Queued { attempts, max_attempts, .. } => (attempts, max_attempts),
        other => panic!("not queued: {other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn work_that_is_not_done_when_the_grace_ends_is_given_back_and_no_try_is_burnt() {
    let tower = Tower::new().await;
    let id = tower.enqueue(NewSpec { max_attempts: 1, ..NewSpec::of("obey") }).await;
    for attempt in 1..=3 {
        let worker = tower.start(tower.options().with_grace(Duration::ZERO));
        until("the work runs", async || (tower.probe.started() == attempt).then_some(())).await;
        let report = worker.stop().await;
        assert_eq!((report.given_back, report.failed), (1, 0));
        let attempt = u32::try_from(attempt).unwrap();
        assert_eq!(counted(&tower, id).await, (attempt, attempt + 1));
    }
    assert_eq!(tower.reasons(id).await, [Some(ReasonCode::GivenBack); 3]);
    for (attempt, ordinal) in tower.attempts(id).await.iter().zip(1..) {
        assert_eq!(attempt.ordinal, ordinal);
        tower.verified(id, ordinal, attempt.end.as_ref().unwrap().trace.as_ref().unwrap());
    }
    assert_eq!(tower.probe.killed(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn running_work_may_finish_within_the_grace_period() {
    let tower = Tower::new().await;
    let id = tower.enqueue(NewSpec { inputs: serde_json::json!({ "millis": 300 }), ..NewSpec::of("sleep") }).await;
    let worker = tower.start(tower.options());
    until("the work runs", async || (tower.probe.started() == 1).then_some(())).await;
    worker.terminate();
    let late = tower.enqueue(NewSpec::of("noop")).await;
    let report = worker.stopped().await;
    assert_eq!((report.claimed, report.completed), (1, 1));
    assert_eq!(tower.finished(id).await.status, TaskStatus::Completed);
    assert_eq!(tower.task(late).await.state.status(), TaskStatus::Queued);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_second_signal_gives_back_without_waiting_for_anybody() {
    let tower = Tower::new().await;
    let id = tower.enqueue(NewSpec::of("ignore")).await;
    // Grace and patience of these options are longer than any test may take.
    let worker = tower.start(tower.options());
    until("the work runs", async || (tower.probe.started() == 1).then_some(())).await;
    worker.terminate();
    worker.terminate();
    assert_eq!(worker.stopped().await.given_back, 1);
    assert_eq!(counted(&tower, id).await, (1, 4));
    assert_eq!(tower.probe.killed(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_idle_worker_stops_at_once() {
    let tower = Tower::new().await;
    let worker = tower.start(tower.options());
    assert_eq!(worker.stop().await.claimed, 0);
}
