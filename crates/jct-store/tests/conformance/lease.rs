//! Leases: renewed by their holder, refused the moment they ran out, and never by anybody else.

use std::time::Duration;

use jct_lifecycle::{AttemptEnd, Fence, LeaseRef, ReasonCode, TaskStatus};
use jct_store::RecordAnswer;
use jct_store::model::{HeartbeatAnswer, SettleAnswer, TaskState};

use crate::support::{
    Db, LEASE, audit_actions, cancel, change, completed, enqueue_many, forged, log_line, on_both_engines, reap, settle,
    state, status, task, worker,
};

on_both_engines![
    a_heartbeat_moves_the_end_of_the_lease,
    a_heartbeat_answers_each_lease_in_order,
    a_heartbeat_tells_of_a_cancellation,
    only_the_worker_that_holds_a_lease_renews_it,
    renewal_is_refused_at_the_very_moment_of_expiry,
    settling_is_refused_at_the_very_moment_of_expiry,
    recording_is_refused_at_the_very_moment_of_expiry,
    a_lease_is_good_until_just_before_its_end,
    a_forged_or_old_fence_is_refused_everywhere,
    a_raised_epoch_refuses_every_fence_handed_out_before,
    heartbeats_of_finished_and_unknown_tasks_are_lost,
];

const BEFORE_END: Duration = Duration::from_micros(29_999_999);

async fn a_heartbeat_moves_the_end_of_the_lease(db: Db) {
    let store = db.store().await;
    let id = task().enqueue(&store).await;
    let runner = worker("runner");
    let claimed = runner.claim_one(&store).await;
    for _ in 0..5 {
        db.pass_seconds(20);
        let answers = store.heartbeat(runner.id, vec![claimed.lease], LEASE).await.unwrap();
        let expires_at = db.now().after(LEASE);
        assert_eq!(answers, [HeartbeatAnswer::Held { expires_at, cancel_requested: false }]);
        let TaskState::Running { expires_at: stored, .. } = state(&store, id).await else { panic!("not running") };
        assert_eq!(stored, expires_at);
    }
    assert_eq!(reap(&store).await, []);
    assert!(matches!(settle(&store, claimed.lease, completed("{}")).await, SettleAnswer::Accepted(_)));
}

async fn a_heartbeat_answers_each_lease_in_order(db: Db) {
    let store = db.store().await;
    enqueue_many(&store, 3).await;
    let runner = worker("runner");
    let claimed = runner.claim(&store, 3).await;
    settle(&store, claimed[1].lease, completed("{}")).await;
    let leases = vec![claimed[2].lease, claimed[1].lease, claimed[0].lease];
    let answers = store.heartbeat(runner.id, leases, LEASE).await.unwrap();
    let held = HeartbeatAnswer::Held { expires_at: db.now().after(LEASE), cancel_requested: false };
    assert_eq!(answers, [held, HeartbeatAnswer::Lost, held]);
    assert_eq!(store.heartbeat(runner.id, Vec::new(), LEASE).await.unwrap(), []);
}

async fn a_heartbeat_tells_of_a_cancellation(db: Db) {
    let store = db.store().await;
    let id = task().enqueue(&store).await;
    let runner = worker("runner");
    let claimed = runner.claim_one(&store).await;
    change(&store, id, "operator", cancel()).await;
    let answers = store.heartbeat(runner.id, vec![claimed.lease], LEASE).await.unwrap();
    assert!(matches!(answers[..], [HeartbeatAnswer::Held { cancel_requested: true, .. }]), "{answers:?}");
}

async fn only_the_worker_that_holds_a_lease_renews_it(db: Db) {
    let store = db.store().await;
    task().enqueue(&store).await;
    let claimed = worker("runner").claim_one(&store).await;
    let answers = store.heartbeat(worker("thief").id, vec![claimed.lease], LEASE * 10).await.unwrap();
    assert_eq!(answers, [HeartbeatAnswer::Lost]);
    db.pass(LEASE);
    assert_eq!(reap(&store).await.len(), 1, "the thief must not have moved the end of the lease");
}

async fn renewal_is_refused_at_the_very_moment_of_expiry(db: Db) {
    let store = db.store().await;
    task().enqueue(&store).await;
    let runner = worker("runner");
    let claimed = runner.claim_one(&store).await;
    db.pass(LEASE);
    // The reaper has not run: the row is still there, and must not count.
    let answers = store.heartbeat(runner.id, vec![claimed.lease], LEASE).await.unwrap();
    assert_eq!(answers, [HeartbeatAnswer::Lost]);
    assert_eq!(db.count("task_leases").await, 1);
}

async fn settling_is_refused_at_the_very_moment_of_expiry(db: Db) {
    let store = db.store().await;
    let id = task().enqueue(&store).await;
    let claimed = worker("runner").claim_one(&store).await;
    db.pass(LEASE);
    for end in [completed("{}"), AttemptEnd::GivenBack, AttemptEnd::Cancelled] {
        let answer = settle(&store, claimed.lease, end).await;
        assert_eq!(answer, SettleAnswer::Stale { current: Some(claimed.lease.fence) });
    }
    assert_eq!(status(&store, id).await, TaskStatus::Running);
    assert_eq!(store.task_attempts(id).await.unwrap()[0].end, None);
}

async fn recording_is_refused_at_the_very_moment_of_expiry(db: Db) {
    let store = db.store().await;
    let id = task().enqueue(&store).await;
    let claimed = worker("runner").claim_one(&store).await;
    db.pass(LEASE);
    let before = store.task_events(id, 0, 100).await.unwrap().unwrap();
    let answer = store.record(claimed.lease, vec![log_line(db.now(), "too late")]).await.unwrap();
    assert_eq!(answer, RecordAnswer::Stale);
    assert_eq!(store.task_events(id, 0, 100).await.unwrap().unwrap(), before);
    assert_eq!(audit_actions(&store, id).await.last().unwrap(), "stale_write_refused");
}

async fn a_lease_is_good_until_just_before_its_end(db: Db) {
    let store = db.store().await;
    task().enqueue(&store).await;
    let runner = worker("runner");
    let claimed = runner.claim_one(&store).await;
    db.pass(BEFORE_END);
    assert_eq!(reap(&store).await, []);
    assert!(matches!(
        store.record(claimed.lease, vec![log_line(db.now(), "in time")]).await.unwrap(),
        RecordAnswer::Recorded { .. }
    ));
    let answers = store.heartbeat(runner.id, vec![claimed.lease], LEASE).await.unwrap();
    assert!(matches!(answers[..], [HeartbeatAnswer::Held { .. }]));
    db.pass(BEFORE_END);
    assert!(matches!(settle(&store, claimed.lease, completed("{}")).await, SettleAnswer::Accepted(_)));
}

async fn a_forged_or_old_fence_is_refused_everywhere(db: Db) {
    let store = db.store().await;
    let id = task().enqueue(&store).await;
    let old = worker("first").claim_one(&store).await;
    db.pass(LEASE);
    assert_eq!(reap(&store).await.len(), 1);
    db.pass_seconds(5);
    // The successor is the same process under the same id: only the fence tells the two attempts apart.
    let runner = worker("second");
    let living = runner.claim_one(&store).await;
    assert_eq!(living.lease.fence, Fence { epoch: 1, generation: 2 });
    let other_epoch = LeaseRef { fence: Fence { epoch: 2, generation: 2 }, ..living.lease };
    for wrong in [old.lease, forged(living.lease), other_epoch] {
        assert_eq!(store.heartbeat(runner.id, vec![wrong], LEASE).await.unwrap(), [HeartbeatAnswer::Lost]);
        assert_eq!(store.record(wrong, vec![log_line(db.now(), "no")]).await.unwrap(), RecordAnswer::Stale);
        let stale = SettleAnswer::Stale { current: Some(living.lease.fence) };
        assert_eq!(settle(&store, wrong, completed("{}")).await, stale);
    }
    assert!(matches!(settle(&store, living.lease, completed("{\"by\":2}")).await, SettleAnswer::Accepted(_)));
    let TaskState::Finished { outcome, attempt, .. } = state(&store, id).await else { panic!("not finished") };
    assert_eq!((outcome, attempt), (Ok("{\"by\":2}".to_owned()), Some(2)));
    assert_eq!(settle(&store, old.lease, completed("{}")).await, SettleAnswer::Stale { current: None });
}

async fn a_raised_epoch_refuses_every_fence_handed_out_before(db: Db) {
    let store = db.store().await;
    enqueue_many(&store, 2).await;
    let runner = worker("runner");
    let before = runner.claim_one(&store).await;
    // What somebody does who restored a backup: the leases in it belong to another life of the database.
    db.execute("UPDATE database_meta SET value = '2' WHERE name = 'epoch'").await.unwrap();
    assert_eq!(store.heartbeat(runner.id, vec![before.lease], LEASE).await.unwrap(), [HeartbeatAnswer::Lost]);
    assert_eq!(store.record(before.lease, vec![log_line(db.now(), "no")]).await.unwrap(), RecordAnswer::Stale);
    assert!(matches!(settle(&store, before.lease, completed("{}")).await, SettleAnswer::Stale { .. }));

    let after = runner.claim_one(&store).await;
    assert_eq!(after.lease.fence, Fence { epoch: 2, generation: 1 });
    assert!(matches!(settle(&store, after.lease, completed("{}")).await, SettleAnswer::Accepted(_)));
    // The task of the refused lease is not lost: its lease runs out and it is tried again.
    db.pass(LEASE);
    let reaped = reap(&store).await;
    assert_eq!((reaped[0].status, reaped[0].reason), (TaskStatus::Queued, ReasonCode::LeaseLost));
    db.pass_seconds(5);
    assert_eq!(runner.claim_one(&store).await.lease.fence, Fence { epoch: 2, generation: 2 });
}

async fn heartbeats_of_finished_and_unknown_tasks_are_lost(db: Db) {
    let store = db.store().await;
    task().enqueue(&store).await;
    let runner = worker("runner");
    let claimed = runner.claim_one(&store).await;
    settle(&store, claimed.lease, completed("{}")).await;
    let unknown = LeaseRef { task_id: jct_contract::TaskId::at(db.now()), ..claimed.lease };
    let answers = store.heartbeat(runner.id, vec![claimed.lease, unknown], LEASE).await.unwrap();
    assert_eq!(answers, [HeartbeatAnswer::Lost, HeartbeatAnswer::Lost]);
    assert_eq!(store.record(unknown, Vec::new()).await.unwrap(), RecordAnswer::Stale);
    assert_eq!(settle(&store, unknown, completed("{}")).await, SettleAnswer::Stale { current: None });
    assert_eq!(db.count("audit_log").await, 3, "nothing is noted about a task that does not exist");
}
