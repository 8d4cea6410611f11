//! When a worker ends by itself, and what it does while there is nothing to do.

use std::sync::atomic::Ordering;
use std::time::Duration;

use jct_contract::Timestamp;
use jct_lifecycle::TaskStatus;
use jct_runner::{RunMode, Shutdown, WorkerError};
use jct_store::model::ClaimFilter;

use crate::harness::{NewSpec, Tower, operator};

#[tokio::test(flavor = "multi_thread")]
async fn a_draining_worker_runs_everything_that_is_due_and_ends() {
    let tower = Tower::new().await;
    let mut ids = Vec::new();
    for _ in 0..100 {
        ids.push(tower.enqueue(NewSpec::of("noop")).await);
    }
    let report = tower.drain().await;
    assert_eq!((report.claimed, report.completed), (100, 100));
    for id in ids {
        let finished = tower.finished(id).await;
        tower.verified(id, 1, finished.trace());
        assert_eq!(tower.attempts(id).await.len(), 1);
    }
    assert_eq!(tower.drain().await.claimed, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_cycle_claims_once_as_much_as_fits() {
    let tower = Tower::new().await;
    for _ in 0..5 {
        tower.enqueue(NewSpec::of("noop")).await;
    }
    let (_handle, shutdown) = Shutdown::new();
    let options = tower.options().with_mode(RunMode::Once).with_slots(3).unwrap();
    let report = tower.worker(options).run(shutdown).await.unwrap();
    assert_eq!((report.claimed, report.completed), (3, 3));
    assert_eq!(tower.faulty.claims.load(Ordering::SeqCst), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_ends_by_itself_says_that_it_could_not_look() {
    let tower = Tower::new().await;
    tower.enqueue(NewSpec::of("noop")).await;
    tower.faulty.fail_claims(true);
    for mode in [RunMode::Once, RunMode::Drain] {
        let (_handle, shutdown) = Shutdown::new();
        let result = tower.worker(tower.options().with_mode(mode)).run(shutdown).await;
        assert!(matches!(result, Err(WorkerError::Claim(_))), "{result:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_serving_worker_outlasts_an_outage() {
    let tower = Tower::new().await;
    tower.faulty.fail_claims(true);
    let worker = tower.start(tower.options());
    let id = tower.enqueue(NewSpec::of("noop")).await;
    crate::harness::until("a claim has failed", async || {
        (tower.faulty.claims.load(Ordering::SeqCst) > 0).then_some(())
    })
    .await;
    tower.faulty.fail_claims(false);
    tower.until(id, TaskStatus::Completed).await;
    assert_eq!(worker.stop().await.completed, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_idle_worker_only_looks() {
    let tower = Tower::new().await;
    let worker = tower.start(tower.options());
    // Long enough for several looks and heartbeats; longer would only make the test stronger.
    tokio::time::sleep(Duration::from_millis(700)).await;
    assert_eq!(tower.faulty.claims.load(Ordering::SeqCst), 0);
    assert_eq!(tower.faulty.heartbeats.load(Ordering::SeqCst), 0);
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_is_present_until_it_says_goodbye() {
    let tower = Tower::new().await;
    let worker = tower.start(tower.options());
    let present = async || tower.store.workers(Timestamp::from_micros(0)).await.unwrap();
    let workers =
        crate::harness::until("the worker is there", async || Some(present().await).filter(|w| !w.is_empty())).await;
    assert_eq!((workers[0].name.as_str(), workers[0].slots), ("tester", 8));
    worker.stop().await;
    assert!(present().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_for_some_executors_leaves_the_other_tasks_alone() {
    let tower = Tower::new().await;
    let mine = tower.enqueue(NewSpec::of("noop")).await;
    let other = tower.enqueue(NewSpec::of("teleport")).await;
    let (_handle, shutdown) = Shutdown::new();
    let filter = ClaimFilter::offering(["noop"].into_iter().map(|name| name.parse().unwrap()).collect());
    let options = tower.options().with_mode(RunMode::Drain).with_filter(filter);
    tower.worker(options).run(shutdown).await.unwrap();
    assert_eq!(tower.finished(mine).await.status, TaskStatus::Completed);
    assert_eq!(tower.task(other).await.state.status(), TaskStatus::Queued);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paused_queue_hands_out_nothing() {
    let tower = Tower::new().await;
    let id = tower.enqueue(NewSpec::of("noop")).await;
    assert!(tower.store.queue_pause(operator(), "test".to_owned()).await.unwrap());
    assert_eq!(tower.drain().await.claimed, 0);
    assert!(tower.store.queue_resume(operator()).await.unwrap());
    assert_eq!(tower.drain().await.completed, 1);
    assert_eq!(tower.finished(id).await.status, TaskStatus::Completed);
}
