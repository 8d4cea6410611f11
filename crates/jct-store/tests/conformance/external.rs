//! Executors outside the tower: their claim is a lease like any other.

use std::time::Duration;

use jct_lifecycle::{Fence, ReasonCode, TaskStatus};
use jct_store::model::{ExternalLease, Holder, SettleAnswer, TaskState};
use jct_store::{ChangeAnswer, StatusAction};

use crate::support::{
    Db, audit, cancel, change, change_with_fence, complete, completed, fail, on_both_engines, reap, settle, state,
    status, take, task, worker,
};

on_both_engines![
    taking_a_task_is_a_lease_for_its_budget_and_the_grace,
    the_holder_completes_what_it_took,
    the_holder_fails_what_it_took,
    nobody_else_ends_what_the_holder_took,
    a_fence_that_is_sent_must_be_the_right_one,
    anybody_may_cancel_what_was_taken,
    a_holder_that_never_reports_fails_with_external_timeout,
    a_report_after_the_end_of_the_lease_is_refused_before_the_reaper_runs,
    a_worker_cannot_settle_an_outside_lease_by_guessing_after_it_ended,
    a_taken_task_is_off_the_queue,
];

const HOUR: u64 = 3_600;

async fn taken(db: &Db, store: &jct_store::Store, by: &str) -> (jct_contract::TaskId, ExternalLease) {
    let id = task().budget(HOUR).enqueue(store).await;
    match change(store, id, by, take()).await {
        ChangeAnswer::Taken(lease) => {
            assert_eq!(lease.expires_at, db.now().after(Duration::from_secs(HOUR + 60)));
            (id, lease)
        }
        other => panic!("not taken: {other:?}"),
    }
}

async fn taking_a_task_is_a_lease_for_its_budget_and_the_grace(db: Db) {
    let store = db.store().await;
    let id = task().budget(HOUR).enqueue(&store).await;
    let action =
        StatusAction::Take { assigned_to: Some("jules-7".to_owned()), grace: Duration::from_secs(60), most: None };
    let expires_at = db.now().after(Duration::from_secs(HOUR + 60));
    let fence = Fence { epoch: 1, generation: 1 };
    let answer = change(&store, id, "jules", action).await;
    assert_eq!(answer, ChangeAnswer::Taken(ExternalLease { fence, expires_at, attempt: 1 }));
    let running = TaskState::Running {
        queued_at: db.now(),
        started_at: db.now(),
        acquired_at: db.now(),
        expires_at,
        attempt: 1,
        fence,
        holder: Holder::External { principal: "jules".to_owned() },
        assigned_to: "jules-7".to_owned(),
        cancel_requested_at: None,
        cancel_note: None,
        max_attempts: 3,
    };
    assert_eq!(state(&store, id).await, running);
    let attempts = store.task_attempts(id).await.unwrap();
    assert_eq!(attempts[0].holder, Holder::External { principal: "jules".to_owned() });
}

async fn the_holder_completes_what_it_took(db: Db) {
    let store = db.store().await;
    let (id, lease) = taken(&db, &store, "jules").await;
    db.pass_seconds(HOUR);
    let action = StatusAction::Complete { result: "{\"pr\":7}".to_owned(), trace_path: Some("file:///x".to_owned()) };
    assert_eq!(change_with_fence(&store, id, "jules", Some(lease.fence), action).await, ChangeAnswer::Changed);
    let TaskState::Finished { status, outcome, trace, assigned_to, .. } = state(&store, id).await else {
        panic!("not finished")
    };
    assert_eq!((status, outcome), (TaskStatus::Completed, Ok("{\"pr\":7}".to_owned())));
    assert_eq!(trace.unwrap().manifest_digest, None);
    assert_eq!(assigned_to.as_deref(), Some("jules"));
    assert_eq!(audit(&store, id).await.last().unwrap().actor_id, "jules");
}

async fn the_holder_fails_what_it_took(db: Db) {
    let store = db.store().await;
    // Without sending the fence back: it is checked when it is sent.
    let (id, _) = taken(&db, &store, "jules").await;
    assert_eq!(change(&store, id, "jules", fail("no such file")).await, ChangeAnswer::Changed);
    let TaskState::Finished { status, reason, outcome, .. } = state(&store, id).await else { panic!("not finished") };
    assert_eq!((status, reason), (TaskStatus::Failed, ReasonCode::ReportedFailure));
    assert_eq!(outcome, Err("no such file".to_owned()));
}

async fn nobody_else_ends_what_the_holder_took(db: Db) {
    let store = db.store().await;
    let (id, lease) = taken(&db, &store, "jules").await;
    for action in [complete(), fail("mine")] {
        for fence in [None, Some(lease.fence)] {
            let answer = change_with_fence(&store, id, "mallory", fence, action.clone()).await;
            assert_eq!(answer, ChangeAnswer::HeldByOther { principal: "jules".to_owned() });
        }
    }
    assert_eq!(status(&store, id).await, TaskStatus::Running);
}

async fn a_fence_that_is_sent_must_be_the_right_one(db: Db) {
    let store = db.store().await;
    let (id, lease) = taken(&db, &store, "jules").await;
    for wrong in [Fence { epoch: 1, generation: 2 }, Fence { epoch: 2, generation: 1 }] {
        let answer = change_with_fence(&store, id, "jules", Some(wrong), complete()).await;
        assert_eq!(answer, ChangeAnswer::StaleFence { current: lease.fence });
    }
    assert_eq!(status(&store, id).await, TaskStatus::Running);
    let refused = audit(&store, id).await.into_iter().filter(|entry| entry.action == "stale_write_refused").count();
    assert_eq!(refused, 2);
    let answer = change_with_fence(&store, id, "jules", Some(lease.fence), complete()).await;
    assert_eq!(answer, ChangeAnswer::Changed);
}

async fn anybody_may_cancel_what_was_taken(db: Db) {
    let store = db.store().await;
    let (id, _) = taken(&db, &store, "jules").await;
    assert_eq!(change(&store, id, "operator", cancel()).await, ChangeAnswer::Changed);
    let TaskState::Finished { status, outcome, .. } = state(&store, id).await else { panic!("not finished") };
    assert_eq!((status, outcome), (TaskStatus::Cancelled, Err("cancelled by `operator`".to_owned())));
    let late = change(&store, id, "jules", complete()).await;
    assert!(matches!(late, ChangeAnswer::Illegal(illegal) if illegal.from == TaskStatus::Cancelled));
}

async fn a_holder_that_never_reports_fails_with_external_timeout(db: Db) {
    let store = db.store().await;
    let (id, _) = taken(&db, &store, "jules").await;
    db.pass_seconds(HOUR + 59);
    assert_eq!(reap(&store).await, []);
    db.pass_seconds(1);
    let reaped = reap(&store).await;
    assert_eq!((reaped[0].status, reaped[0].reason), (TaskStatus::Failed, ReasonCode::ExternalTimeout));
    let TaskState::Finished { status, reason, outcome, .. } = state(&store, id).await else { panic!("not finished") };
    assert_eq!((status, reason), (TaskStatus::Failed, ReasonCode::ExternalTimeout));
    assert!(outcome.unwrap_err().contains("jules"));
    // Three attempts were allowed and it is over all the same: nobody knows what the outsider did.
    assert_eq!(store.task_attempts(id).await.unwrap().len(), 1);
}

async fn a_report_after_the_end_of_the_lease_is_refused_before_the_reaper_runs(db: Db) {
    let store = db.store().await;
    let (id, lease) = taken(&db, &store, "jules").await;
    db.pass_seconds(HOUR + 60);
    for action in [complete(), fail("late")] {
        let answer = change_with_fence(&store, id, "jules", Some(lease.fence), action).await;
        assert_eq!(answer, ChangeAnswer::LeaseExpired);
    }
    assert_eq!(status(&store, id).await, TaskStatus::Running);
    assert_eq!(db.count("task_outcomes").await, 0);
}

async fn a_worker_cannot_settle_an_outside_lease_by_guessing_after_it_ended(db: Db) {
    let store = db.store().await;
    let (id, lease) = taken(&db, &store, "jules").await;
    change(&store, id, "jules", complete()).await;
    let guessed = jct_lifecycle::LeaseRef { task_id: id, fence: lease.fence };
    // The receipt belongs to settlements; a completion over HTTP left none.
    assert_eq!(settle(&store, guessed, completed("{}")).await, SettleAnswer::Stale { current: None });
}

async fn a_taken_task_is_off_the_queue(db: Db) {
    let store = db.store().await;
    let (id, _) = taken(&db, &store, "jules").await;
    assert_eq!(worker("runner").claim(&store, 10).await.len(), 0);
    assert_eq!(store.queue_position(id).await.unwrap(), None);
    let again = change(&store, id, "other", take()).await;
    assert!(matches!(again, ChangeAnswer::Illegal(illegal) if illegal.from == TaskStatus::Running), "{again:?}");
}
