//! Changes of status from outside: every action from every state, and who may do what.

use jct_contract::TaskId;
use jct_lifecycle::{IllegalTransition, ReasonCode, TaskStatus};
use jct_store::model::{HeartbeatAnswer, TaskState};
use jct_store::{ChangeAnswer, StatusAction, Store};

use crate::support::{
    Db, LEASE, audit, cancel, change, complete, completed, fail, on_both_engines, settle, state, status, take, task,
    worker,
};

on_both_engines![
    every_action_from_every_state,
    a_released_task_is_due_at_once,
    a_waiting_task_is_cancelled_at_once,
    cancelling_a_running_task_asks_its_worker_once,
    a_queued_task_can_be_failed_from_outside,
    an_unknown_task_is_not_found,
    concurrent_changes_of_one_task_win_once,
];

/// A task in each status, and how it got there.
async fn in_status(db: &Db, store: &Store, wanted: TaskStatus) -> TaskId {
    match wanted {
        TaskStatus::Pending => task().held().enqueue(store).await,
        TaskStatus::Queued => task().enqueue(store).await,
        TaskStatus::Running | TaskStatus::Completed => {
            let id = task().enqueue(store).await;
            let claimed = worker("runner").claim_one(store).await;
            assert_eq!(claimed.lease.task_id, id);
            if wanted == TaskStatus::Completed {
                settle(store, claimed.lease, completed("{}")).await;
            }
            id
        }
        TaskStatus::Failed => {
            let id = task().enqueue(store).await;
            change(store, id, "operator", fail("no longer needed")).await;
            id
        }
        TaskStatus::Cancelled => {
            let id = task().enqueue(store).await;
            change(store, id, "operator", cancel()).await;
            db.pass_seconds(1);
            id
        }
    }
}

fn actions() -> [(&'static str, StatusAction); 7] {
    [
        ("release", StatusAction::Release),
        ("take", take()),
        ("complete", complete()),
        ("fail", fail("reported")),
        ("cancel", cancel()),
        ("to pending", StatusAction::Impossible(TaskStatus::Pending)),
        ("to queued", StatusAction::Impossible(TaskStatus::Queued)),
    ]
}

/// The whole table, so that a changed cell is seen in a review.
const TABLE: &str = "\
pending release: changed -> queued
pending take: illegal pending -> running
pending complete: illegal pending -> completed
pending fail: illegal pending -> failed
pending cancel: changed -> cancelled
pending to pending: illegal pending -> pending
pending to queued: illegal pending -> queued
queued release: illegal queued -> queued
queued take: taken -> running
queued complete: illegal queued -> completed
queued fail: changed -> failed
queued cancel: changed -> cancelled
queued to pending: illegal queued -> pending
queued to queued: illegal queued -> queued
running release: illegal running -> queued
running take: illegal running -> running
running complete: held by worker runner -> running
running fail: held by worker runner -> running
running cancel: cancel requested -> running
running to pending: illegal running -> pending
running to queued: illegal running -> queued
";

async fn every_action_from_every_state(db: Db) {
    let store = db.store().await;
    let mut table = String::new();
    for from in TaskStatus::ALL {
        for (name, action) in actions() {
            let id = in_status(&db, &store, from).await;
            let entries = audit(&store, id).await.len();
            let answer = change(&store, id, "operator", action).await;
            let told = match &answer {
                ChangeAnswer::Changed => "changed".to_owned(),
                ChangeAnswer::Taken(_) => "taken".to_owned(),
                ChangeAnswer::CancelRequested => "cancel requested".to_owned(),
                ChangeAnswer::HeldByWorker { name } => format!("held by worker {name}"),
                ChangeAnswer::Illegal(IllegalTransition { from, to }) => format!("illegal {from} -> {to}"),
                other => panic!("{from} {name}: {other:?}"),
            };
            let now = status(&store, id).await;
            let refused = matches!(answer, ChangeAnswer::Illegal(_) | ChangeAnswer::HeldByWorker { .. });
            assert_eq!(audit(&store, id).await.len(), entries + usize::from(!refused), "{from} {name}");
            if from.is_final() {
                assert!(matches!(&answer, ChangeAnswer::Illegal(illegal) if illegal.from == from), "{answer:?}");
                assert_eq!(now, from, "a final state stays final");
            } else if refused && told.starts_with("illegal") {
                assert_eq!(now, from);
                table.push_str(&format!("{from} {name}: {told}\n"));
            } else {
                table.push_str(&format!("{from} {name}: {told} -> {now}\n"));
            }
            // Nothing may be left over for the next line's claim.
            change(&store, id, "operator", cancel()).await;
        }
    }
    assert_eq!(table, TABLE);
}

async fn a_released_task_is_due_at_once(db: Db) {
    let store = db.store().await;
    let id = task().held().attempts(7).enqueue(&store).await;
    db.pass_seconds(100);
    assert_eq!(change(&store, id, "operator", StatusAction::Release).await, ChangeAnswer::Changed);
    let queued = TaskState::Queued {
        queued_at: db.now(),
        started_at: None,
        updated_at: db.now(),
        run_at: db.now(),
        attempts: 0,
        max_attempts: 7,
        last_reason: None,
    };
    assert_eq!(state(&store, id).await, queued);
    assert_eq!(worker("runner").claim_one(&store).await.lease.task_id, id);
}

async fn a_waiting_task_is_cancelled_at_once(db: Db) {
    let store = db.store().await;
    for held in [true, false] {
        let id = if held { task().held() } else { task() }.enqueue(&store).await;
        let note = StatusAction::Cancel { note: Some("no budget".to_owned()) };
        assert_eq!(change(&store, id, "alice", note).await, ChangeAnswer::Changed);
        let TaskState::Finished { status, reason, outcome, started_at, attempt, .. } = state(&store, id).await else {
            panic!("not finished")
        };
        assert_eq!((status, reason), (TaskStatus::Cancelled, ReasonCode::Cancelled));
        assert_eq!((outcome, started_at, attempt), (Err("cancelled by `alice`: no budget".to_owned()), None, None));
        let last = audit(&store, id).await.pop().unwrap();
        assert_eq!((last.actor_id.as_str(), last.note.as_deref()), ("alice", Some("no budget")));
    }
    assert_eq!(worker("runner").claim(&store, 10).await.len(), 0);
}

async fn cancelling_a_running_task_asks_its_worker_once(db: Db) {
    let store = db.store().await;
    let id = task().enqueue(&store).await;
    let runner = worker("runner");
    let claimed = runner.claim_one(&store).await;
    db.pass_seconds(3);
    assert_eq!(change(&store, id, "alice", cancel()).await, ChangeAnswer::CancelRequested);
    let asked_at = db.now();
    db.pass_seconds(3);
    assert_eq!(change(&store, id, "bob", cancel()).await, ChangeAnswer::CancelRequested);
    let TaskState::Running { cancel_requested_at, .. } = state(&store, id).await else { panic!("not running") };
    assert_eq!(cancel_requested_at, Some(asked_at), "the first request counts");
    let requests = audit(&store, id).await.into_iter().filter(|entry| entry.action == "cancel_requested").count();
    assert_eq!(requests, 1);
    // Renewing the lease does not forget the request.
    for _ in 0..2 {
        let answers = store.heartbeat(runner.id, vec![claimed.lease], LEASE).await.unwrap();
        assert!(matches!(answers[..], [HeartbeatAnswer::Held { cancel_requested: true, .. }]));
    }
}

async fn a_queued_task_can_be_failed_from_outside(db: Db) {
    let store = db.store().await;
    let id = task().enqueue(&store).await;
    let action = StatusAction::Fail { error: "superseded".to_owned(), trace_path: Some("s3://elsewhere".to_owned()) };
    assert_eq!(change(&store, id, "operator", action).await, ChangeAnswer::Changed);
    let TaskState::Finished { status, reason, outcome, trace, started_at, .. } = state(&store, id).await else {
        panic!("not finished")
    };
    assert_eq!((status, reason), (TaskStatus::Failed, ReasonCode::ReportedFailure));
    assert_eq!((outcome, started_at), (Err("superseded".to_owned()), None));
    let trace = trace.unwrap();
    assert_eq!((trace.path.as_str(), trace.manifest_digest), ("s3://elsewhere", None), "opaque, never a sealed folder");
}

async fn an_unknown_task_is_not_found(db: Db) {
    let store = db.store().await;
    for (_, action) in actions() {
        let answer = change(&store, TaskId::at(db.now()), "operator", action).await;
        assert_eq!(answer, ChangeAnswer::NotFound);
    }
}

async fn concurrent_changes_of_one_task_win_once(db: Db) {
    let stores = [db.store().await, db.store().await];
    for _ in 0..15 {
        let id = task().enqueue(&stores[0]).await;
        let tries = (0..6).map(|n| {
            let store = stores[n % 2].clone();
            let action = if n < 3 { take() } else { cancel() };
            tokio::spawn(async move { change(&store, id, &format!("p{n}"), action).await })
        });
        let answers: Vec<_> = futures_util::future::join_all(tries).await.into_iter().map(Result::unwrap).collect();
        let taken = answers.iter().filter(|answer| matches!(answer, ChangeAnswer::Taken(_))).count();
        let ended = answers.iter().filter(|answer| **answer == ChangeAnswer::Changed).count();
        assert!(taken <= 1 && ended == 1, "{answers:?}");
        assert_eq!(status(&stores[0], id).await, TaskStatus::Cancelled);
        let seqs: Vec<u64> = audit(&stores[0], id).await.iter().map(|entry| entry.seq).collect();
        assert_eq!(seqs, (1..=2 + taken as u64).collect::<Vec<_>>());
    }
}
