//! The design's invariants, each in a test of its name. Others stand where their subject is: 2 in `durability`, 10 in
//! `migration`; those about HTTP, trace folders and processes are in the end-to-end suite.

use std::collections::HashSet;

use futures_util::future::join_all;
use jct_contract::TaskId;
use jct_lifecycle::{ReasonCode, TaskStatus};
use jct_store::StatusAction;
use jct_store::model::{HeartbeatAnswer, SettleAnswer, TaskState};

use crate::support::{
    Db, LEASE, any, audit, cancel, change, complete, completed, enqueue_many, failed, has_due_work, log_line,
    on_both_engines, principal, reap, settle, state, status, take, task, worker,
};

on_both_engines![
    invariant_01_a_task_without_an_admission_cannot_be_made_visible_to_a_worker,
    invariant_03_at_most_one_unexpired_lease_and_one_accepted_completion,
    invariant_04_a_change_and_its_audit_entry_commit_together_or_not_at_all,
    invariant_05_an_ordinal_is_never_used_twice,
    invariant_06_result_xor_error_and_nothing_is_completed_that_did_not_run,
    invariant_08_every_waiting_task_can_be_explained_from_data,
    invariant_09_an_idle_tower_writes_nothing,
];

async fn invariant_01_a_task_without_an_admission_cannot_be_made_visible_to_a_worker(db: Db) {
    let store = db.store().await;
    let id = task().held().enqueue(&store).await;
    // A row of `tasks` copied past the tower has no admission beside it.
    let stowaway = TaskId::at(db.now());
    db.execute(&format!(
        "INSERT INTO tasks (id, idempotency_key, spec_digest, spec, requester_kind, operation, target_repo, executor, \
         time_budget_seconds, trace_id, submitter_kind, submitter, held, created_at) SELECT '{stowaway}', NULL, spec_digest, spec, \
         requester_kind, operation, target_repo, executor, time_budget_seconds, trace_id, submitter_kind, submitter, held, \
         created_at FROM tasks WHERE id = '{id}'"
    ))
    .await
    .unwrap();
    let ready = "run_at, executor, generation, attempts, max_attempts, queued_at, updated_at, trace_id, event_seq, \
         audit_seq, audit_hash";
    let lease = "epoch, generation, attempt, max_attempts, executor, holder_kind, holder, acquired_at, expires_at, \
         queued_at, started_at, trace_id, event_seq, audit_seq, audit_hash";
    let hold = "max_attempts, held_at, trace_id, event_seq, audit_seq, audit_hash";
    for (table, columns, values) in [
        ("task_ready", ready, "0, 'survey', 0, 0, 3, 0, 0, 't', 1, 1, ''"),
        ("task_leases", lease, "1, 1, 1, 3, 'survey', 'external', 'x', 0, 1, 0, 0, 't', 1, 1, ''"),
        ("task_holds", hold, "3, 0, 't', 1, 1, ''"),
    ] {
        let insert = format!("INSERT INTO {table} (task_id, {columns}) VALUES ('{stowaway}', {values})");
        let refused = db.execute(&insert).await.unwrap_err();
        assert!(refused.to_lowercase().contains("foreign key"), "{table}: {refused}");
    }
    assert_eq!(worker("runner").claim(&store, 10).await.len(), 0);
    // And an admission cannot be taken away under a task that waits.
    let removed = db.execute(&format!("DELETE FROM admissions WHERE task_id = '{id}'")).await.unwrap_err();
    assert!(removed.to_lowercase().contains("foreign key"), "{removed}");
}

async fn invariant_03_at_most_one_unexpired_lease_and_one_accepted_completion(db: Db) {
    let stores = [db.store().await, db.store().await];
    let ids = enqueue_many(&stores[0], 12).await;
    for _ in 0..3 {
        // Every claimer holds on to what it gets, lets it run out, and then settles late, all at once.
        let claimers = (0..6).map(|n| {
            let store = stores[n % 2].clone();
            tokio::spawn(async move { worker(&format!("w{n}")).claim(&store, 4).await })
        });
        let held: Vec<_> = join_all(claimers).await.into_iter().flat_map(Result::unwrap).collect();
        let tasks: HashSet<TaskId> = held.iter().map(|task| task.lease.task_id).collect();
        assert_eq!((held.len(), tasks.len()), (12, 12), "one lease a task");
        db.pass(LEASE);
        let late = held.iter().map(|task| settle(&stores[0], task.lease, failed(ReasonCode::WorkerError)));
        assert!(join_all(late).await.iter().all(|answer| matches!(answer, SettleAnswer::Stale { .. })));
        for store in &stores {
            reap(store).await;
        }
        db.pass_seconds(600);
    }
    // Three attempts each: none lost, none accepted, all over.
    for id in ids {
        let attempts = store_attempts(&stores[1], id).await;
        assert_eq!(attempts, [1, 2, 3]);
        let TaskState::Finished { reason, .. } = state(&stores[1], id).await else { panic!("not finished") };
        assert_eq!(reason, ReasonCode::RetriesExhausted);
    }
    assert_eq!(db.count("task_outcomes").await, 12);
}

async fn store_attempts(store: &jct_store::Store, id: TaskId) -> Vec<u32> {
    store.task_attempts(id).await.unwrap().iter().map(|attempt| attempt.ordinal).collect()
}

/// Where a write is made to fail.
const PLACES: [&str; 9] = [
    "INSERT ON task_ready",
    "DELETE ON task_ready",
    "INSERT ON task_leases",
    "DELETE ON task_leases",
    "INSERT ON task_outcomes",
    "INSERT ON attempts",
    "UPDATE ON attempts",
    "INSERT ON task_events",
    "INSERT ON audit_log",
];

async fn invariant_04_a_change_and_its_audit_entry_commit_together_or_not_at_all(db: Db) {
    let store = db.store().await;
    let runner = worker("runner");
    let mut failures = 0;
    for place in PLACES {
        let held = task().held().enqueue(&store).await;
        let outside = task().enqueue(&store).await;
        assert!(matches!(change(&store, outside, "jules", take()).await, jct_store::ChangeAnswer::Taken(_)));
        task().enqueue(&store).await;
        let running = runner.claim_one(&store).await;
        let waiting = task().enqueue(&store).await;
        db.break_writes(place).await;
        let before = db.dump().await;
        let release = crate::support::status_change(held, "operator", StatusAction::Release);
        let end = crate::support::status_change(outside, "jules", complete());
        let stop = crate::support::status_change(waiting, "operator", cancel());
        // Each of these writes somewhere, and what fails anywhere must leave nothing anywhere.
        let outcomes = [
            store.enqueue(vec![task().build()]).await.map(drop),
            store.claim(runner.request(1)).await.map(drop),
            store.settle(crate::support::settlement(running.lease, completed("{}"))).await.map(drop),
            store.record(running.lease, vec![log_line(db.now(), "line")]).await.map(drop),
            store.change_status(release).await.map(drop),
            store.change_status(end).await.map(drop),
            store.change_status(stop).await.map(drop),
        ];
        failures += outcomes.iter().filter(|outcome| outcome.is_err()).count();
        db.mend_writes(place).await;
        if outcomes.iter().all(Result::is_err) {
            assert_eq!(db.dump().await, before, "{place}");
        }
        for (table, rows) in db.strays().await {
            assert_eq!(rows, 0, "after failures at {place}: {table}");
        }
        // Nothing is wedged: everything can be ended now.
        for id in [held, outside, waiting, running.lease.task_id] {
            change(&store, id, "jules", cancel()).await;
        }
        settle(&store, running.lease, completed("{}")).await;
        change(&store, held, "operator", cancel()).await;
        db.pass_seconds(7_200);
        reap(&store).await;
        for task in runner.claim(&store, 100).await {
            settle(&store, task.lease, completed("{}")).await;
        }
    }
    assert!(failures > 20, "the faults must have hit: {failures}");
    // Whatever happened: one audit entry a change, numbered without gaps.
    for line in db.lines("SELECT CAST(id AS TEXT) AS line FROM tasks").await {
        let trail = audit(&store, line.parse().unwrap()).await;
        let numbers: Vec<u64> = trail.iter().map(|entry| entry.seq).collect();
        assert_eq!(numbers, (1..=numbers.len() as u64).collect::<Vec<_>>());
        let changes: Vec<_> = trail.iter().filter(|entry| entry.action == "status_changed").collect();
        let events = store.task_events(line.parse().unwrap(), 1, 1_000).await.unwrap().unwrap();
        let told = events.iter().filter(|event| event.kind == jct_store::model::EventKind::Status).count();
        assert_eq!(changes.len(), told);
    }
}

async fn invariant_05_an_ordinal_is_never_used_twice(db: Db) {
    let store = db.store().await;
    let id = task().attempts(2).enqueue(&store).await;
    let ends = [
        Some(jct_lifecycle::AttemptEnd::GivenBack),
        None,
        Some(jct_lifecycle::AttemptEnd::GivenBack),
        Some(failed(ReasonCode::WorkerError)),
    ];
    let mut handed_out = Vec::new();
    for end in ends {
        let claimed = worker("runner").claim_one(&store).await;
        handed_out.push((claimed.attempt, claimed.lease.fence.generation));
        match end {
            Some(end) => {
                settle(&store, claimed.lease, end).await;
            }
            None => {
                db.pass(LEASE);
                reap(&store).await;
            }
        }
        db.pass_seconds(600);
    }
    assert_eq!(handed_out, [(1, 1), (2, 2), (3, 3), (4, 4)]);
    assert_eq!(store_attempts(&store, id).await, [1, 2, 3, 4]);
    let again = format!(
        "INSERT INTO attempts (task_id, ordinal, epoch, generation, holder_kind, holder, started_at) \
         VALUES ('{id}', 4, 1, 9, 'external', 'x', 0)"
    );
    db.execute(&again).await.unwrap_err();
}

async fn invariant_06_result_xor_error_and_nothing_is_completed_that_did_not_run(db: Db) {
    let store = db.store().await;
    let done = task().enqueue(&store).await;
    let claimed = worker("runner").claim_one(&store).await;
    settle(&store, claimed.lease, completed("{}")).await;
    let ended = task().enqueue(&store).await;
    change(&store, ended, "operator", cancel()).await;
    // The code never does this; the database would not let it.
    for (id, set) in [
        (done, "error = 'also an error'"),
        (done, "result = NULL"),
        (done, "status = 'failed'"),
        (done, "started_at = NULL"),
        (ended, "result = '{}', error = NULL"),
        (ended, "status = 'completed', result = '{}', error = NULL"),
        (ended, "status = 'queued'"),
    ] {
        let update = format!("UPDATE task_outcomes SET {set} WHERE task_id = '{id}'");
        let refused = db.execute(&update).await.unwrap_err();
        assert!(refused.to_lowercase().contains("check constraint"), "{set}: {refused}");
    }
    // Nor does any road lead from waiting to completed.
    for held in [true, false] {
        let id = if held { task().held() } else { task() }.enqueue(&store).await;
        let before = status(&store, id).await;
        assert!(matches!(change(&store, id, "operator", complete()).await, jct_store::ChangeAnswer::Illegal(_)));
        assert_eq!(status(&store, id).await, before);
    }
}

async fn invariant_08_every_waiting_task_can_be_explained_from_data(db: Db) {
    let store = db.store().await;
    let held = task().held().enqueue(&store).await;
    assert!(matches!(state(&store, held).await, TaskState::Pending { held_at } if held_at == db.now()));

    let backing_off = task().enqueue(&store).await;
    let claimed = worker("runner").claim_one(&store).await;
    settle(&store, claimed.lease, failed(ReasonCode::WorkerError)).await;
    let TaskState::Queued { run_at, last_reason, .. } = state(&store, backing_off).await else { panic!("not queued") };
    assert_eq!(
        (run_at, last_reason),
        (db.now().after(std::time::Duration::from_secs(5)), Some(ReasonCode::WorkerError))
    );

    let in_line = task().executor("rare").enqueue(&store).await;
    let position = store.queue_position(in_line).await.unwrap().unwrap();
    assert_eq!((position.executor.as_str(), position.ahead), ("rare", 0));
    assert!(store.workers(db.now()).await.unwrap().is_empty(), "nobody offers what it needs");

    store.queue_pause(principal("operator"), "maintenance".to_owned()).await.unwrap();
    let pause = store.queue_status().await.unwrap().paused.unwrap();
    assert_eq!((pause.by.as_str(), pause.at), ("operator", db.now()));
}

async fn invariant_09_an_idle_tower_writes_nothing(db: Db) {
    let store = db.store().await;
    let done = task().enqueue(&store).await;
    let runner = worker("runner");
    let claimed = runner.claim_one(&store).await;
    settle(&store, claimed.lease, completed("{}")).await;
    task().held().enqueue(&store).await;
    let before = db.dump().await;
    // Everything that a process with nothing to do does, over and over.
    for _ in 0..5 {
        db.pass_seconds(30);
        assert!(!has_due_work(&store, &any(), None).await);
        assert_eq!(runner.claim(&store, 8).await.len(), 0);
        assert_eq!(reap(&store).await, []);
        assert_eq!(store.heartbeat(runner.id, Vec::new(), LEASE).await.unwrap(), Vec::<HeartbeatAnswer>::new());
        store.queue_status().await.unwrap();
        store.task_get(done).await.unwrap();
        store.ping().await.unwrap();
        // A repeated settlement and a replay change nothing either.
        let again = settle(&store, claimed.lease, completed("{}")).await;
        assert_eq!(again, SettleAnswer::Repeated { status: TaskStatus::Completed });
    }
    assert_eq!(db.dump().await, before);
}
