//! Tasks as jobs: what is kept of them, how they are listed, and what they tell of themselves.

use jct_contract::{JobType, TaskId};
use jct_lifecycle::{AttemptEnd, JobStatus, ReasonCode, TaskStatus};
use jct_store::model::{EventKind, JobRecordFacts, NewEvent, PageStart, TaskFilter, TaskState};
use jct_store::{ChangeAnswer, StatusAction, Store};

use crate::support::{
    Db, any, assert_rebuilt, audit, cancel, capabilities, change, completed, failed, has_due_work, offering,
    on_both_engines, record_of, settle, state, task, worker,
};

on_both_engines![
    what_a_job_needs_is_read_back_as_it_was_said,
    a_task_that_says_nothing_needs_its_executor,
    the_log_tells_a_job_from_a_task,
    jobs_are_listed_by_type,
    jobs_are_listed_by_how_they_stand,
    a_job_may_begin_with_events_of_its_own,
    a_wish_to_cancel_is_told_with_its_reason,
    the_reason_of_a_cancelled_job_is_kept,
];

async fn what_a_job_needs_is_read_back_as_it_was_said(db: Db) {
    let store = db.store().await;
    let new = task().job(JobType::CodexExec, &["git", "codex"]).priority(-3).affinity(" a key ");
    let id = new.enqueue(&store).await;
    let expected = JobRecordFacts {
        job_type: JobType::CodexExec,
        priority: (-3).try_into().unwrap(),
        capabilities: capabilities(&["git", "codex"]),
        affinity_key: Some("a key".parse().unwrap()),
    };
    assert_eq!(new.build().job.record(), expected);
    assert_eq!(record_of(&store, id).await.job, expected);
    let filter = offering(&["codex", "git"]);
    let request = jct_store::model::Claim { filter, ..worker("w").request(1) };
    let claimed = store.claim(request).await.unwrap();
    assert_eq!((&claimed[0].job, &claimed[0].manifest), (&expected, &None));
    settle(&store, claimed[0].lease, completed("{}")).await;
    assert_eq!(record_of(&store, id).await.job, expected);
}

async fn a_task_that_says_nothing_needs_its_executor(db: Db) {
    let store = db.store().await;
    let id = task().executor("_odd").enqueue(&store).await;
    let job = record_of(&store, id).await.job;
    assert_eq!((job.job_type, job.priority.get()), (JobType::Task, 0));
    assert_eq!(job.capabilities, capabilities(&["_odd"]));
    assert_eq!(worker("w").claim_only(&store, &["_odd"], 1).await.len(), 1);
}

async fn the_log_tells_a_job_from_a_task(db: Db) {
    let store = db.store().await;
    let plain = task().enqueue(&store).await;
    let created = audit(&store, plain).await.remove(0).after.unwrap();
    assert!(!created.contains("priority") && !created.contains("job_type"), "{created}");
    let id = task().manifest("docs", "a: 1", false).priority(2).affinity("warm").enqueue(&store).await;
    let created = audit(&store, id).await.remove(0).after.unwrap();
    for part in [
        r#""job_type":"manifest""#,
        r#""priority":2"#,
        r#""affinity_key":"warm""#,
        r#""manifest_name":"docs""#,
        r#""manifest_hash":"sha256:"#,
    ] {
        assert!(created.contains(part), "{part} in {created}");
    }
    assert!(!created.contains("a: 1"), "what a manifest says is no business of the log");
}

async fn listed(store: &Store, filter: TaskFilter) -> Vec<TaskId> {
    // In pages of one, by cursor and by offset, which must agree.
    let mut by_cursor = Vec::new();
    let mut start = PageStart::Offset(0);
    loop {
        let page = store.task_list(filter.clone(), start, 1).await.unwrap();
        by_cursor.extend(page.items.iter().map(|record| record.id));
        let Some(next) = page.next else { break };
        start = PageStart::After(next);
    }
    for (n, id) in (0..).zip(&by_cursor) {
        let page = store.task_list(filter.clone(), PageStart::Offset(n), 1).await.unwrap();
        assert_eq!(page.items.iter().map(|record| record.id).collect::<Vec<_>>(), [*id], "at offset {n}");
    }
    by_cursor
}

async fn jobs_are_listed_by_type(db: Db) {
    let store = db.store().await;
    let first = task().manifest("docs", "a: 1", false).enqueue(&store).await;
    let plain = task().enqueue(&store).await;
    let exec = task().job(JobType::CodexExec, &[]).enqueue(&store).await;
    let second = task().manifest("docs", "a: 2", false).enqueue(&store).await;
    let of = |job_type| TaskFilter { job_type: Some(job_type), ..TaskFilter::default() };
    assert_eq!(listed(&store, of(JobType::Manifest)).await, [second, first]);
    assert_eq!(listed(&store, of(JobType::Task)).await, [plain]);
    assert_eq!(listed(&store, of(JobType::CodexExec)).await, [exec]);
    assert!(listed(&store, of(JobType::CodexSkill)).await.is_empty());
    let both = TaskFilter { target_repo: Some("myorg/app".to_owned()), ..of(JobType::Manifest) };
    assert_eq!(listed(&store, both).await.len(), 2);
}

async fn jobs_are_listed_by_how_they_stand(db: Db) {
    let store = db.store().await;
    let me = worker("w");
    let mut ended = Vec::new();
    for end in [
        completed("{}"),
        failed(ReasonCode::CommandFailed),
        AttemptEnd::Cancelled,
        failed(ReasonCode::ReportedRetryable),
    ] {
        ended.push(task().objective(&format!("{end:?}")).attempts(1).enqueue(&store).await);
        settle(&store, me.claim_one(&store).await.lease, end).await;
    }
    let running = task().enqueue(&store).await;
    me.claim_one(&store).await;
    let held = task().held().enqueue(&store).await;
    let queued = task().enqueue(&store).await;
    let held_later = task().held().enqueue(&store).await;
    let of = |status| TaskFilter { job_status: Some(status), ..TaskFilter::default() };
    for (status, expected) in [
        (JobStatus::Queued, vec![held_later, queued, held]),
        (JobStatus::Running, vec![running]),
        (JobStatus::Succeeded, vec![ended[0]]),
        (JobStatus::Failed, vec![ended[1]]),
        (JobStatus::Cancelled, vec![ended[2]]),
        (JobStatus::DeadLetter, vec![ended[3]]),
    ] {
        assert_eq!(listed(&store, of(status)).await, expected, "{status}");
        for id in expected {
            assert_eq!(record_of(&store, id).await.state.job_status(), status);
        }
    }
    // Two ways to say how it stands must both hold.
    let also = |status, job_status| TaskFilter { status: Some(status), ..of(job_status) };
    assert_eq!(listed(&store, also(TaskStatus::Pending, JobStatus::Queued)).await, [held_later, held]);
    assert_eq!(listed(&store, also(TaskStatus::Failed, JobStatus::DeadLetter)).await, [ended[3]]);
    assert!(listed(&store, also(TaskStatus::Running, JobStatus::Queued)).await.is_empty());
}

fn message(db: &Db, text: &str) -> NewEvent {
    let body = serde_json::json!({ "level": "warn", "message": text }).to_string();
    NewEvent { at: db.now(), kind: EventKind::Message, body }
}

async fn a_job_may_begin_with_events_of_its_own(db: Db) {
    let store = db.store().await;
    for hold in [false, true] {
        let mut new = task().objective(&format!("held: {hold}")).event(message(&db, "one")).event(message(&db, "two"));
        if hold {
            new = new.held();
        }
        let id = new.enqueue(&store).await;
        let told = store.task_events(id, 0, 10).await.unwrap().unwrap();
        let expected = [(1, EventKind::Status), (2, EventKind::Message), (3, EventKind::Message)];
        assert_eq!(told.iter().map(|event| (event.seq, event.kind)).collect::<Vec<_>>(), expected);
        assert_eq!((told[1].attempt, told[1].body.as_str()), (None, message(&db, "one").body.as_str()));
        if hold {
            change(&store, id, "ana", StatusAction::Release).await;
        }
        worker("w").claim_one(&store).await;
        let last = store.task_last_event(id).await.unwrap();
        assert_eq!(last, Some(if hold { 5 } else { 4 }), "the numbers go on behind them");
        assert_rebuilt(&store, id).await;
    }
}

async fn a_wish_to_cancel_is_told_with_its_reason(db: Db) {
    let store = db.store().await;
    let id = task().enqueue(&store).await;
    let me = worker("w");
    let claimed = me.claim_one(&store).await;
    let with = |note: &str| StatusAction::Cancel { note: Some(note.to_owned()) };
    assert_eq!(change(&store, id, "ana", with("too slow")).await, ChangeAnswer::CancelRequested);
    assert_eq!(change(&store, id, "bob", with("me too")).await, ChangeAnswer::CancelRequested);
    let TaskState::Running { cancel_note, cancel_requested_at, max_attempts, .. } = state(&store, id).await else {
        panic!("not running")
    };
    assert_eq!((cancel_note.as_deref(), cancel_requested_at), (Some("too slow"), Some(db.now())));
    assert_eq!(max_attempts, 3);
    let events = store.task_events(id, 2, 10).await.unwrap().unwrap();
    let [wish] = events.as_slice() else { panic!("told once: {events:?}") };
    assert_eq!((wish.seq, wish.kind), (3, EventKind::Message));
    let body: serde_json::Value = serde_json::from_str(&wish.body).unwrap();
    assert_eq!(body["payload"], serde_json::json!({ "by": "ana", "reason": "too slow" }));
    settle(&store, claimed.lease, AttemptEnd::Cancelled).await;
    let TaskState::Finished { outcome, .. } = state(&store, id).await else { panic!("not over") };
    assert_eq!(outcome, Err("cancelled by `ana`: too slow".to_owned()));
    assert_rebuilt(&store, id).await;
}

async fn the_reason_of_a_cancelled_job_is_kept(db: Db) {
    let store = db.store().await;
    let with = task().objective("with a reason").enqueue(&store).await;
    let without = task().objective("without one").enqueue(&store).await;
    change(&store, with, "ana", StatusAction::Cancel { note: Some("not needed".to_owned()) }).await;
    change(&store, without, "ana", cancel()).await;
    for (id, expected) in [(with, "cancelled by `ana`: not needed"), (without, "cancelled by `ana`")] {
        let TaskState::Finished { outcome, .. } = state(&store, id).await else { panic!("not over") };
        assert_eq!(outcome, Err(expected.to_owned()));
    }
    assert!(!has_due_work(&store, &any(), None).await);
}
