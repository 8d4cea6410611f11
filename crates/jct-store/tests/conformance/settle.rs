//! Settling: accepted once, repeated safely, and followed by exactly what the machine says.

use std::time::Duration;

use futures_util::future::join_all;
use jct_lifecycle::{AttemptEnd, Disposition, Fence, ReasonCode, TaskEvent, TaskStatus};
use jct_store::model::{AttemptOutcome, SettleAnswer, Settlement, TaskState, TraceRef};

use crate::support::{
    Db, LEASE, audit_actions, cancel, change, completed, enqueue_many, failed, on_both_engines, reap, settle,
    settlement, state, status, task, worker,
};

on_both_engines![
    a_completed_task_keeps_its_result_and_its_proof,
    a_failed_task_keeps_its_error,
    the_same_settlement_again_gets_the_same_answer_and_writes_nothing,
    a_different_settlement_after_the_first_is_stale,
    two_settlements_of_one_lease_at_once_are_accepted_once,
    many_settlements_at_once_are_each_accepted_once,
    a_retry_waits_for_its_backoff_and_is_a_new_attempt,
    attempts_run_out,
    giving_back_burns_no_attempt_and_repeats_no_ordinal,
    a_command_that_failed_is_not_retried,
    a_repeated_settlement_is_recognised_while_the_successor_runs,
    a_cancelled_run_ends_as_cancelled,
    settlement_text_may_be_anything,
];

const FINISHED: SettleAnswer = SettleAnswer::Accepted(Disposition::Finish(TaskEvent::Complete, ReasonCode::Completed));

fn proof() -> TraceRef {
    TraceRef { path: "some-task/attempt-1".to_owned(), manifest_digest: Some("ab".repeat(32)) }
}

async fn a_completed_task_keeps_its_result_and_its_proof(db: Db) {
    let store = db.store().await;
    let id = task().enqueue(&store).await;
    let queued_at = db.now();
    db.pass_seconds(1);
    let claimed = worker("runner").claim_one(&store).await;
    let started_at = db.now();
    db.pass_seconds(2);
    let end = completed(r#"{"files":3,"note":"é"}"#);
    let settled = store.settle(Settlement { trace: Some(proof()), ..settlement(claimed.lease, end) }).await.unwrap();
    assert_eq!(settled, FINISHED);
    let finished = TaskState::Finished {
        status: TaskStatus::Completed,
        reason: ReasonCode::Completed,
        outcome: Ok(r#"{"files":3,"note":"é"}"#.to_owned()),
        queued_at: Some(queued_at),
        started_at: Some(started_at),
        finished_at: db.now(),
        attempt: Some(1),
        assigned_to: Some("runner".to_owned()),
        trace: Some(proof()),
    };
    assert_eq!(state(&store, id).await, finished);
    let attempts = store.task_attempts(id).await.unwrap();
    let end = AttemptOutcome {
        ended_at: db.now(),
        reason: ReasonCode::Completed,
        message: None,
        next_status: TaskStatus::Completed,
        trace: Some(proof()),
    };
    assert_eq!(attempts[0].end, Some(end));
    assert_eq!(db.count("task_leases").await, 0);
}

async fn a_failed_task_keeps_its_error(db: Db) {
    let store = db.store().await;
    let id = task().enqueue(&store).await;
    let claimed = worker("runner").claim_one(&store).await;
    let answer = settle(&store, claimed.lease, failed(ReasonCode::NoExecutor)).await;
    assert_eq!(answer, SettleAnswer::Accepted(Disposition::Finish(TaskEvent::Fail, ReasonCode::NoExecutor)));
    let TaskState::Finished { status, reason, outcome, .. } = state(&store, id).await else { panic!("not finished") };
    assert_eq!((status, reason), (TaskStatus::Failed, ReasonCode::NoExecutor));
    assert_eq!(outcome, Err("NO_EXECUTOR for the test".to_owned()));
}

async fn the_same_settlement_again_gets_the_same_answer_and_writes_nothing(db: Db) {
    let store = db.store().await;
    let id = task().enqueue(&store).await;
    let claimed = worker("runner").claim_one(&store).await;
    let same = Settlement { trace: Some(proof()), ..settlement(claimed.lease, completed("{\"n\":1}")) };
    assert_eq!(store.settle(same.clone()).await.unwrap(), FINISHED);
    let before = (state(&store, id).await, audit_actions(&store, id).await);
    for wait in [0, 1, 100_000] {
        db.pass_seconds(wait);
        let again = store.settle(same.clone()).await.unwrap();
        assert_eq!(again, SettleAnswer::Repeated { status: TaskStatus::Completed });
    }
    assert_eq!((state(&store, id).await, audit_actions(&store, id).await), before);
}

async fn a_different_settlement_after_the_first_is_stale(db: Db) {
    let store = db.store().await;
    let id = task().enqueue(&store).await;
    let claimed = worker("runner").claim_one(&store).await;
    settle(&store, claimed.lease, completed("{\"n\":1}")).await;
    let stale = SettleAnswer::Stale { current: None };
    assert_eq!(settle(&store, claimed.lease, completed("{\"n\":2}")).await, stale);
    assert_eq!(settle(&store, claimed.lease, failed(ReasonCode::CommandFailed)).await, stale);
    let other_proof = Settlement { trace: Some(proof()), ..settlement(claimed.lease, completed("{\"n\":1}")) };
    assert_eq!(store.settle(other_proof).await.unwrap(), stale);
    let TaskState::Finished { outcome, trace, .. } = state(&store, id).await else { panic!("not finished") };
    assert_eq!((outcome, trace), (Ok("{\"n\":1}".to_owned()), None));
    let refused = audit_actions(&store, id).await.iter().filter(|action| *action == "stale_write_refused").count();
    assert_eq!(refused, 3);
}

async fn two_settlements_of_one_lease_at_once_are_accepted_once(db: Db) {
    let stores = [db.store().await, db.store().await];
    for round in 0..20 {
        let id = task().enqueue(&stores[0]).await;
        let claimed = worker("runner").claim_one(&stores[0]).await;
        let ends = [completed("{\"by\":0}"), completed("{\"by\":1}"), failed(ReasonCode::CommandFailed)];
        let tries = ends.into_iter().enumerate().map(|(n, end)| {
            let store = stores[n % 2].clone();
            tokio::spawn(async move { settle(&store, claimed.lease, end).await })
        });
        let answers: Vec<_> = join_all(tries).await.into_iter().map(Result::unwrap).collect();
        let accepted = answers.iter().filter(|answer| matches!(answer, SettleAnswer::Accepted(_))).count();
        assert_eq!(accepted, 1, "round {round}: {answers:?}");
        assert!(status(&stores[1], id).await.is_final());
    }
    assert_eq!(db.count("task_outcomes").await, 20);
}

async fn many_settlements_at_once_are_each_accepted_once(db: Db) {
    let stores = [db.store().await, db.store().await];
    enqueue_many(&stores[0], 120).await;
    let claimed = worker("runner").claim(&stores[0], 120).await;
    let settles = claimed.iter().enumerate().flat_map(|(n, task)| {
        // Each settlement is sent twice, through either process, as by an impatient worker.
        let lease = task.lease;
        [0, 1].map(|other| {
            let store = stores[(n + other) % 2].clone();
            tokio::spawn(async move { settle(&store, lease, completed("{}")).await })
        })
    });
    let answers: Vec<_> = join_all(settles).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(answers.iter().filter(|answer| **answer == FINISHED).count(), 120);
    let repeated = SettleAnswer::Repeated { status: TaskStatus::Completed };
    assert_eq!(answers.iter().filter(|answer| **answer == repeated).count(), 120);
    assert_eq!(db.count("audit_log WHERE action = 'stale_write_refused'").await, 0);
    assert_eq!(db.count("task_outcomes").await, 120);
}

async fn a_retry_waits_for_its_backoff_and_is_a_new_attempt(db: Db) {
    let store = db.store().await;
    let id = task().enqueue(&store).await;
    let queued_at = db.now();
    let first = worker("first").claim_one(&store).await;
    db.pass_seconds(1);
    let again = Settlement { jitter: 0.0, ..settlement(first.lease, failed(ReasonCode::WorkerError)) };
    let answer = store.settle(again).await.unwrap();
    assert_eq!(answer, SettleAnswer::Accepted(Disposition::Retry(ReasonCode::WorkerError)));
    let waiting = TaskState::Queued {
        queued_at,
        started_at: Some(queued_at),
        updated_at: db.now(),
        run_at: db.now().after(Duration::from_micros(2_500_000)),
        attempts: 1,
        max_attempts: 3,
        last_reason: Some(ReasonCode::WorkerError),
    };
    assert_eq!(state(&store, id).await, waiting);
    db.pass_seconds(3);
    let second = worker("second").claim_one(&store).await;
    assert_eq!((second.attempt, second.lease.fence), (2, Fence { epoch: 1, generation: 2 }));
    let ordinals: Vec<u32> = store.task_attempts(id).await.unwrap().iter().map(|attempt| attempt.ordinal).collect();
    assert_eq!(ordinals, [1, 2]);
}

async fn attempts_run_out(db: Db) {
    let store = db.store().await;
    let id = task().attempts(2).enqueue(&store).await;
    for attempt in 1..=2 {
        let claimed = worker("runner").claim_one(&store).await;
        assert_eq!(claimed.attempt, attempt);
        settle(&store, claimed.lease, failed(ReasonCode::CheckoutFailed)).await;
        db.pass_seconds(600);
    }
    let TaskState::Finished { status, reason, outcome, attempt, .. } = state(&store, id).await else {
        panic!("not finished")
    };
    assert_eq!((status, reason, attempt), (TaskStatus::Failed, ReasonCode::RetriesExhausted, Some(2)));
    let error = outcome.unwrap_err();
    assert!(error.contains("CHECKOUT_FAILED"), "the last cause must be told: {error}");
}

async fn giving_back_burns_no_attempt_and_repeats_no_ordinal(db: Db) {
    let store = db.store().await;
    let id = task().attempts(1).enqueue(&store).await;
    for ordinal in 1..=4 {
        let claimed = worker("leaving").claim_one(&store).await;
        assert_eq!((claimed.attempt, claimed.lease.fence.generation), (ordinal, i64::from(ordinal)));
        let answer = settle(&store, claimed.lease, AttemptEnd::GivenBack).await;
        assert_eq!(answer, SettleAnswer::Accepted(Disposition::Return(ReasonCode::GivenBack)));
        let TaskState::Queued { run_at, max_attempts, .. } = state(&store, id).await else { panic!("not queued") };
        assert_eq!((run_at, max_attempts), (db.now(), ordinal + 1), "due at once, with one more attempt");
    }
    let last = worker("staying").claim_one(&store).await;
    settle(&store, last.lease, failed(ReasonCode::WorkerError)).await;
    let TaskState::Finished { reason, attempt, .. } = state(&store, id).await else { panic!("not finished") };
    assert_eq!((reason, attempt), (ReasonCode::RetriesExhausted, Some(5)), "its own one attempt was used");
}

async fn a_command_that_failed_is_not_retried(db: Db) {
    let store = db.store().await;
    for reason in ReasonCode::ALL.iter().copied().filter(|reason| !reason.is_retryable()) {
        let id = task().enqueue(&store).await;
        let claimed = worker("runner").claim_one(&store).await;
        let answer = settle(&store, claimed.lease, failed(reason)).await;
        assert_eq!(answer, SettleAnswer::Accepted(Disposition::Finish(TaskEvent::Fail, reason)));
        assert_eq!(status(&store, id).await, TaskStatus::Failed);
    }
}

async fn a_repeated_settlement_is_recognised_while_the_successor_runs(db: Db) {
    let store = db.store().await;
    task().enqueue(&store).await;
    let first = worker("first").claim_one(&store).await;
    let end = failed(ReasonCode::WorkerError);
    settle(&store, first.lease, end.clone()).await;
    db.pass_seconds(10);
    let second = worker("second").claim_one(&store).await;
    assert_eq!(settle(&store, first.lease, end).await, SettleAnswer::Repeated { status: TaskStatus::Queued });
    assert_eq!(settle(&store, second.lease, completed("{}")).await, FINISHED);
}

async fn a_cancelled_run_ends_as_cancelled(db: Db) {
    let store = db.store().await;
    let ends = [AttemptEnd::Cancelled, AttemptEnd::GivenBack, failed(ReasonCode::WorkerError)];
    for end in ends {
        let id = task().enqueue(&store).await;
        let claimed = worker("runner").claim_one(&store).await;
        change(&store, id, "operator", cancel()).await;
        settle(&store, claimed.lease, end).await;
        let TaskState::Finished { status, outcome, .. } = state(&store, id).await else { panic!("not finished") };
        assert_eq!((status, outcome), (TaskStatus::Cancelled, Err("cancelled by `operator`".to_owned())));
    }
    // What had finished before it heard of the cancellation is reported as it ran.
    let id = task().enqueue(&store).await;
    let claimed = worker("runner").claim_one(&store).await;
    change(&store, id, "operator", cancel()).await;
    assert_eq!(settle(&store, claimed.lease, completed("{}")).await, FINISHED);
    // And a worker that died with the cancellation unheard is not replaced.
    let id = task().enqueue(&store).await;
    worker("runner").claim_one(&store).await;
    change(&store, id, "operator", cancel()).await;
    db.pass(LEASE);
    assert_eq!(reap(&store).await[0].status, TaskStatus::Cancelled);
    assert_eq!(status(&store, id).await, TaskStatus::Cancelled);
}

async fn settlement_text_may_be_anything(db: Db) {
    let store = db.store().await;
    // What a process prints ends up in messages, and processes print anything.
    for message in ["", "\0", "a\0b", "\u{FFFD}\u{1F980}", &"x".repeat(100_000), "'; DROP TABLE tasks; --"] {
        let id = task().enqueue(&store).await;
        let claimed = worker("runner").claim_one(&store).await;
        let end = AttemptEnd::Failed { reason: ReasonCode::CommandFailed, message: message.to_owned() };
        let settled = store.settle(settlement(claimed.lease, end)).await;
        assert!(matches!(settled, Ok(SettleAnswer::Accepted(_))), "{message:.10?}: {settled:?}");
        let TaskState::Finished { outcome, .. } = state(&store, id).await else { panic!("not finished") };
        let kept = outcome.unwrap_err();
        assert!(!message.starts_with('x') || kept == message);
    }
}
