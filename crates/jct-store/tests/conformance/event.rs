//! Events: one sequence a task, without gaps, whoever writes at the same time.

use futures_util::future::join_all;
use jct_contract::TaskId;
use jct_lifecycle::{AttemptEnd, ReasonCode};
use jct_store::model::{EventKind, NewEvent, TaskEventRecord};
use jct_store::{RecordAnswer, StatusAction, Store};

use crate::support::{
    Db, LEASE, cancel, change, completed, failed, log_line, on_both_engines, reap, settle, task, worker,
};

on_both_engines![
    a_life_in_events,
    events_are_read_from_any_place_on,
    numbers_have_no_gaps_under_concurrency,
    events_keep_what_they_were_given,
    an_unknown_task_has_no_events,
];

async fn events(store: &Store, id: TaskId) -> Vec<TaskEventRecord> {
    store.task_events(id, 0, 10_000).await.unwrap().unwrap()
}

fn shown(event: &TaskEventRecord) -> String {
    let body: serde_json::Value = serde_json::from_str(&event.body).unwrap();
    let said = body.get("status").or_else(|| body.get("line")).unwrap().as_str().unwrap().to_owned();
    let reason = body.get("reason").map_or_else(String::new, |reason| format!(" {}", reason.as_str().unwrap()));
    let attempt = event.attempt.map_or_else(String::new, |attempt| format!(" @{attempt}"));
    format!("{} {} {said}{reason}{attempt}", event.seq, event.kind)
}

async fn a_life_in_events(db: Db) {
    let store = db.store().await;
    let id = task().held().enqueue(&store).await;
    change(&store, id, "operator", StatusAction::Release).await;
    let first = worker("first").claim_one(&store).await;
    store.record(first.lease, vec![log_line(db.now(), "one"), log_line(db.now(), "two")]).await.unwrap();
    settle(&store, first.lease, AttemptEnd::GivenBack).await;
    worker("second").claim_one(&store).await;
    db.pass(LEASE);
    reap(&store).await;
    db.pass_seconds(60);
    let third = worker("third").claim_one(&store).await;
    store.record(third.lease, vec![log_line(db.now(), "three")]).await.unwrap();
    settle(&store, third.lease, completed("{}")).await;
    let life: Vec<String> = events(&store, id).await.iter().map(shown).collect();
    assert_eq!(
        life,
        [
            "1 status pending",
            "2 status queued",
            "3 status running @1",
            "4 log one @1",
            "5 log two @1",
            "6 status queued GIVEN_BACK @1",
            "7 status running @2",
            "8 status queued LEASE_LOST @2",
            "9 status running @3",
            "10 log three @3",
            "11 status completed COMPLETED @3",
        ]
    );
}

async fn events_are_read_from_any_place_on(db: Db) {
    let store = db.store().await;
    let id = task().enqueue(&store).await;
    let claimed = worker("runner").claim_one(&store).await;
    for n in 0..20 {
        store.record(claimed.lease, vec![log_line(db.now(), &format!("line {n}"))]).await.unwrap();
    }
    let all = events(&store, id).await;
    assert_eq!(all.len(), 22);
    for after in [0_u64, 1, 2, 13, 21, 22, 23, u64::MAX] {
        for limit in [0_u32, 1, 2, 5, 100] {
            let some = store.task_events(id, after, limit).await.unwrap().unwrap();
            let rest: Vec<_> = all.iter().filter(|event| event.seq > after).take(limit as usize).cloned().collect();
            assert_eq!(some, rest, "after {after}, limit {limit}");
        }
    }
}

async fn numbers_have_no_gaps_under_concurrency(db: Db) {
    let stores = [db.store().await, db.store().await];
    let id = task().enqueue(&stores[0]).await;
    let runner = worker("runner");
    let claimed = runner.claim_one(&stores[0]).await;
    let writers = (0..40).map(|n| {
        let (store, runner) = (stores[n % 2].clone(), runner.clone());
        let at = db.now();
        tokio::spawn(async move {
            match n % 5 {
                3 => drop(store.heartbeat(runner.id, vec![claimed.lease], LEASE).await.unwrap()),
                4 => drop(change(&store, id, "operator", cancel()).await),
                _ => {
                    let lines = (0..=n % 3).map(|line| log_line(at, &format!("{n}.{line}"))).collect();
                    assert!(matches!(store.record(claimed.lease, lines).await.unwrap(), RecordAnswer::Recorded { .. }));
                }
            }
        })
    });
    for writer in join_all(writers).await {
        writer.unwrap();
    }
    settle(&stores[0], claimed.lease, failed(ReasonCode::CommandFailed)).await;
    let all = events(&stores[1], id).await;
    let numbers: Vec<u64> = all.iter().map(|event| event.seq).collect();
    assert_eq!(numbers, (1..=all.len() as u64).collect::<Vec<_>>());
    let lines = all.iter().filter(|event| event.kind == EventKind::Log).count();
    let expected: usize = (0..40).filter(|n| n % 5 < 3).map(|n| n % 3 + 1).sum();
    assert_eq!(lines, expected);
    assert_eq!(all.last().unwrap().kind, EventKind::Status);
}

async fn events_keep_what_they_were_given(db: Db) {
    let store = db.store().await;
    let id = task().enqueue(&store).await;
    let claimed = worker("runner").claim_one(&store).await;
    let at = db.now().after(std::time::Duration::from_micros(123));
    let given: Vec<NewEvent> = [
        (EventKind::Log, serde_json::json!({ "stream": "stderr", "line": "nul \0, bell \u{7}, 🦀, \"quoted\"" })),
        (EventKind::Progress, serde_json::json!({ "percent": 50, "message": "half" })),
        (EventKind::Log, serde_json::json!({ "stream": "stdout", "line": "x".repeat(200_000) })),
    ]
    .into_iter()
    .map(|(kind, body)| NewEvent { at, kind, body: body.to_string() })
    .collect();
    assert!(matches!(store.record(claimed.lease, given.clone()).await.unwrap(), RecordAnswer::Recorded { .. }));
    assert!(matches!(store.record(claimed.lease, Vec::new()).await.unwrap(), RecordAnswer::Recorded { .. }));
    let kept = store.task_events(id, 2, 100).await.unwrap().unwrap();
    assert_eq!(kept.len(), given.len());
    for (kept, given) in kept.into_iter().zip(given) {
        assert_eq!((kept.at, kept.kind, kept.body, kept.attempt), (given.at, given.kind, given.body, Some(1)));
    }
}

async fn an_unknown_task_has_no_events(db: Db) {
    let store = db.store().await;
    let nobody = TaskId::at(db.now());
    assert_eq!(store.task_events(nobody, 0, 10).await.unwrap(), None);
    assert_eq!(store.task_attempts(nobody).await.unwrap(), []);
    assert_eq!(store.task_admission(nobody).await.unwrap(), None);
    assert!(store.task_get(nobody).await.unwrap().is_none());
}
