//! Claims: exclusive, first in first out, paused when paused, and only what fits.

use std::collections::HashSet;
use std::time::Duration;

use futures_util::future::join_all;
use jct_contract::TaskId;
use jct_lifecycle::{Fence, ReasonCode, TaskStatus};
use jct_store::model::{ClaimedTask, Holder, TaskState};

use crate::support::{
    Db, LEASE, any, enqueue_many, failed, has_due_work, offering, on_both_engines, principal, record_of, settle, state,
    status, task, worker,
};

on_both_engines![
    a_claim_turns_a_ready_task_into_a_lease,
    no_task_is_handed_out_twice_to_many_claimers,
    tasks_are_handed_out_in_the_order_they_came,
    a_claim_takes_no_more_than_its_limit,
    nothing_is_claimed_while_the_queue_is_paused,
    a_filter_takes_only_what_fits,
    a_task_that_is_not_due_is_not_handed_out,
    a_held_task_is_not_handed_out,
    the_attempt_is_counted_when_the_task_is_claimed,
    a_task_that_went_back_to_the_front_is_found_behind_the_moving_bound,
    whether_there_is_work_is_a_read,
];

fn ids(claimed: &[ClaimedTask]) -> Vec<TaskId> {
    claimed.iter().map(|task| task.lease.task_id).collect()
}

async fn a_claim_turns_a_ready_task_into_a_lease(db: Db) {
    let store = db.store().await;
    let new = task().key("claimed").build();
    let id = crate::support::created(&store.enqueue(vec![new.clone()]).await.unwrap()[0]);
    let queued_at = db.now();
    db.pass_seconds(7);
    let runner = worker("runner-1");
    let claimed = runner.claim_one(&store).await;
    assert_eq!(claimed.lease.task_id, id);
    assert_eq!(claimed.lease.fence, Fence { epoch: 1, generation: 1 });
    assert_eq!(claimed.attempt, 1);
    assert_eq!(claimed.expires_at, db.now().after(LEASE));
    assert_eq!((claimed.ready_at, claimed.claimed_at), (queued_at, db.now()));
    assert_eq!(&claimed.task, new.admitted.task());
    assert_eq!(claimed.trace_id, new.trace_id);
    let running = TaskState::Running {
        queued_at,
        started_at: db.now(),
        acquired_at: db.now(),
        expires_at: db.now().after(LEASE),
        attempt: 1,
        fence: claimed.lease.fence,
        holder: Holder::Worker { id: runner.id, name: "runner-1".to_owned() },
        assigned_to: "runner-1".to_owned(),
        cancel_requested_at: None,
        cancel_note: None,
        max_attempts: 3,
    };
    assert_eq!(state(&store, id).await, running);
    assert_eq!(db.count("task_ready").await, 0);
}

async fn no_task_is_handed_out_twice_to_many_claimers(db: Db) {
    let stores = [db.store().await, db.store().await];
    let all: HashSet<TaskId> = enqueue_many(&stores[0], 300).await.into_iter().collect();
    let claimers = (0..24).map(|n| {
        let store = stores[n % 2].clone();
        tokio::spawn(async move {
            let me = worker(&format!("claimer-{n}"));
            let mut mine = Vec::new();
            loop {
                let claimed = me.claim(&store, 1 + u32::try_from(n).unwrap() % 5).await;
                if claimed.is_empty() {
                    return mine;
                }
                mine.extend(ids(&claimed));
            }
        })
    });
    let handed_out: Vec<TaskId> = join_all(claimers).await.into_iter().flat_map(Result::unwrap).collect();
    assert_eq!(handed_out.len(), 300);
    assert_eq!(handed_out.into_iter().collect::<HashSet<_>>(), all);
    assert_eq!(db.count("task_leases").await, 300);
    assert_eq!(db.count("attempts").await, 300);
}

async fn tasks_are_handed_out_in_the_order_they_came(db: Db) {
    let store = db.store().await;
    let mut expected = Vec::new();
    for _ in 0..4 {
        expected.extend(enqueue_many(&store, 5).await);
        db.pass(Duration::from_millis(1));
    }
    let runner = worker("runner");
    let mut seen = Vec::new();
    for limit in [1, 3, 7, 20] {
        seen.extend(ids(&runner.claim(&store, limit).await));
    }
    assert_eq!(seen, expected);
}

async fn a_claim_takes_no_more_than_its_limit(db: Db) {
    let store = db.store().await;
    enqueue_many(&store, 10).await;
    let runner = worker("runner");
    assert_eq!(runner.claim(&store, 4).await.len(), 4);
    assert_eq!(runner.claim(&store, 0).await.len(), 0);
    assert_eq!(runner.claim(&store, 100).await.len(), 6);
    assert_eq!(runner.claim(&store, 100).await.len(), 0);
}

async fn nothing_is_claimed_while_the_queue_is_paused(db: Db) {
    let store = db.store().await;
    let id = task().enqueue(&store).await;
    assert!(store.queue_pause(principal("operator"), "maintenance".to_owned()).await.unwrap());
    assert!(!store.queue_pause(principal("other"), "again".to_owned()).await.unwrap());
    let runner = worker("runner");
    assert_eq!(runner.claim(&store, 10).await.len(), 0);
    assert!(!has_due_work(&store, &any(), None).await);
    assert_eq!(status(&store, id).await, TaskStatus::Queued);
    let pause = store.queue_status().await.unwrap().paused.unwrap();
    assert_eq!((pause.by.as_str(), pause.reason.as_str(), pause.at), ("operator", "maintenance", db.now()));

    assert!(store.queue_resume(principal("operator")).await.unwrap());
    assert!(!store.queue_resume(principal("operator")).await.unwrap());
    assert_eq!(store.queue_status().await.unwrap().paused, None);
    assert_eq!(ids(&runner.claim(&store, 10).await), [id]);
}

async fn a_filter_takes_only_what_fits(db: Db) {
    let store = db.store().await;
    let survey = task().enqueue(&store).await;
    let alpha = task().executor("alpha").enqueue(&store).await;
    let beta = task().executor("beta").enqueue(&store).await;
    let runner = worker("runner");
    assert_eq!(runner.claim_only(&store, &["gamma"], 10).await.len(), 0);
    assert!(!has_due_work(&store, &offering(&["gamma"]), None).await);
    assert_eq!(runner.claim_only(&store, &[], 10).await.len(), 0);
    assert!(has_due_work(&store, &offering(&["beta"]), None).await);
    assert_eq!(ids(&runner.claim_only(&store, &["beta", "gamma"], 10).await), [beta]);
    assert_eq!(ids(&runner.claim_only(&store, &["alpha", "survey"], 10).await), [survey, alpha]);
}

async fn a_task_that_is_not_due_is_not_handed_out(db: Db) {
    let store = db.store().await;
    let id = task().enqueue(&store).await;
    let runner = worker("runner");
    let first = runner.claim_one(&store).await;
    settle(&store, first.lease, failed(ReasonCode::WorkerError)).await;
    // The backoff after a first attempt is five seconds.
    db.pass(Duration::from_micros(4_999_999));
    assert_eq!(runner.claim(&store, 1).await.len(), 0);
    assert_eq!(store.queue_status().await.unwrap().not_due, 1);
    db.pass(Duration::from_micros(1));
    assert_eq!(ids(&runner.claim(&store, 1).await), [id]);
}

async fn a_held_task_is_not_handed_out(db: Db) {
    let store = db.store().await;
    task().held().enqueue(&store).await;
    assert_eq!(worker("runner").claim(&store, 1).await.len(), 0);
}

async fn the_attempt_is_counted_when_the_task_is_claimed(db: Db) {
    let store = db.store().await;
    let id = task().enqueue(&store).await;
    worker("doomed").claim_one(&store).await;
    let attempts = store.task_attempts(id).await.unwrap();
    assert_eq!(attempts.len(), 1, "an attempt that crashes before its first word must not be free");
    assert_eq!((attempts[0].ordinal, attempts[0].started_at, attempts[0].end.clone()), (1, db.now(), None));
}

async fn a_task_that_went_back_to_the_front_is_found_behind_the_moving_bound(db: Db) {
    let store = db.store().await;
    let runner = worker("runner");
    let early = task().enqueue(&store).await;
    let first = runner.claim_one(&store).await;
    // Later tasks move whatever bound the claims remember past the place of the early one.
    db.pass_seconds(1);
    enqueue_many(&store, 20).await;
    runner.claim(&store, 10).await;
    settle(&store, first.lease, jct_lifecycle::AttemptEnd::GivenBack).await;
    let mut seen = ids(&runner.claim(&store, 5).await);
    seen.extend(ids(&runner.claim(&store, 100).await));
    assert!(seen.contains(&early), "a task that was given back must not wait behind the bound");
    assert_eq!(seen.len(), 11);
}

async fn whether_there_is_work_is_a_read(db: Db) {
    let store = db.store().await;
    assert!(!has_due_work(&store, &any(), None).await);
    let id = task().enqueue(&store).await;
    assert!(has_due_work(&store, &any(), None).await);
    assert_eq!(record_of(&store, id).await.state.status(), TaskStatus::Queued);
    worker("runner").claim_one(&store).await;
    assert!(!has_due_work(&store, &any(), None).await);
}
