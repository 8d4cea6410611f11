//! The tower's own events: told of the audit log once, whoever tells, and found once, whoever looks.

use std::time::Duration;

use jct_contract::Timestamp;
use jct_event::TowerEvent;
use jct_lifecycle::{ReasonCode, TaskStatus};
use jct_store::Store;
use jct_store::model::{EmittedEvent, EventFilter, NewWorker, PageStart};

use crate::support::evidence::waiting;
use crate::support::{Db, any, completed, enqueue_many, failed, on_both_engines, reap, settle, task, worker};

on_both_engines![
    changes_of_tasks_are_told_in_order,
    nobody_is_told_of_tasks_if_nobody_wants_to_be,
    a_run_that_waits_for_a_review_is_told_of,
    of_two_that_follow_the_log_one_tells_each_entry,
    the_cursor_rests_while_nothing_happens,
    a_lost_worker_is_told_of_once,
    a_budget_that_is_nearly_used_up_is_told_of_once_an_attempt,
];

/// Tells everything there is to tell, a page at a time; how many events came of it.
async fn follow(store: &Store, with_tasks: bool, limit: u32) -> u64 {
    let mut told = 0;
    loop {
        let from = store.tail_position().await.unwrap();
        let Some(horizon) = store.tail_horizon(from).await.unwrap() else { return told };
        let page = store.tail_page(from, horizon, with_tasks, limit).await.unwrap();
        told += store.tail_advance(from, page).await.unwrap().unwrap_or(0);
    }
}

async fn kinds(store: &Store) -> Vec<String> {
    let page = store.event_list(EventFilter::default(), PageStart::Offset(0), 500).await.unwrap();
    page.items.iter().rev().map(|event| event.event.event_type().to_string()).collect()
}

async fn changes_of_tasks_are_told_in_order(db: Db) {
    let store = db.store().await;
    let id = task().attempts(2).enqueue(&store).await;
    let lease = worker("w").claim_one(&store).await.lease;
    settle(&store, lease, failed(ReasonCode::WorkerError)).await;
    db.pass_seconds(60);
    let lease = worker("w").claim_one(&store).await.lease;
    settle(&store, lease, completed("{}")).await;
    let (from, horizon) = (0, store.tail_horizon(0).await.unwrap().unwrap());
    let page = store.tail_page(from, horizon, true, 100).await.unwrap();
    let told: Vec<_> = page
        .events
        .iter()
        .map(|one| match &one.event {
            TowerEvent::TaskStateChanged(change) => {
                assert_eq!((change.task_id, change.repo.as_str()), (id, "myorg/app"));
                (change.from, change.to, change.attempt)
            }
            other => panic!("{other:?}"),
        })
        .collect();
    use TaskStatus as S;
    let expected = [
        (None, S::Queued, 0),
        (Some(S::Queued), S::Running, 1),
        (Some(S::Running), S::Queued, 1),
        (Some(S::Queued), S::Running, 2),
        (Some(S::Running), S::Completed, 2),
    ];
    assert_eq!(told, expected);
    assert_eq!(follow(&store, true, 2).await, 5, "in pages of two nothing is lost");
    assert_eq!(kinds(&store).await, ["task.state_changed"; 5]);
}

async fn nobody_is_told_of_tasks_if_nobody_wants_to_be(db: Db) {
    let store = db.store().await;
    enqueue_many(&store, 5).await;
    assert_eq!(follow(&store, false, 100).await, 0);
    assert_eq!(store.tail_position().await.unwrap(), store.audit_position().await.unwrap());
    assert_eq!(follow(&store, true, 100).await, 0, "what is past is not told to whoever comes late");
}

async fn a_run_that_waits_for_a_review_is_told_of(db: Db) {
    let store = db.store().await;
    let waiting = waiting(&store).await;
    assert_eq!(follow(&store, false, 3).await, 1);
    let page = store.event_list(EventFilter::default(), PageStart::Offset(0), 10).await.unwrap();
    let [event] = page.items.as_slice() else { panic!("{page:?}") };
    let data = event.event.data().json().unwrap();
    assert_eq!(data["run_id"], waiting.run.to_string());
    assert!(data["evidence_pack_id"].is_string() && data["issue_id"].is_string());
    waiting.decide(&store, "ana", jct_cwom::ReviewDecisionStatus::Approved).await;
    assert_eq!(follow(&store, false, 100).await, 0);
}

async fn of_two_that_follow_the_log_one_tells_each_entry(db: Db) {
    let stores = [db.store().await, db.store().await];
    let tasks = 40;
    let enqueuing = tokio::spawn({
        let store = stores[0].clone();
        async move {
            for _ in 0..8 {
                enqueue_many(&store, tasks / 8).await;
            }
        }
    });
    let following = (0..6_usize).map(|n| {
        let store = stores[n % 2].clone();
        tokio::spawn(async move {
            let mut told = 0;
            for _ in 0..10 {
                told += follow(&store, true, 7).await;
                tokio::task::yield_now().await;
            }
            told
        })
    });
    let told: u64 = futures_util::future::join_all(following).await.into_iter().map(Result::unwrap).sum();
    enqueuing.await.unwrap();
    let told = told + follow(&stores[0], true, 7).await;
    assert_eq!((told, db.count("events").await), (40, 40));
}

async fn the_cursor_rests_while_nothing_happens(db: Db) {
    let store = db.store().await;
    enqueue_many(&store, 1).await;
    follow(&store, false, 100).await;
    let cursor = "SELECT CAST(position AS TEXT) || ' ' || CAST(moved_at AS TEXT) AS line FROM event_cursors";
    let before = db.lines(cursor).await;
    db.pass_seconds(10);
    assert_eq!(follow(&store, true, 100).await, 0);
    assert_eq!(db.lines(cursor).await, before);
}

async fn lost(db: &Db, store: &Store) -> Vec<EmittedEvent> {
    let since = Timestamp::from_micros(db.now().as_micros() - 3_600_000_000);
    let until = Timestamp::from_micros(db.now().as_micros() - 90_000_000);
    store.lost_workers(since, until).await.unwrap()
}

async fn a_lost_worker_is_told_of_once(db: Db) {
    let store = db.store().await;
    let present = |name: &str| NewWorker {
        id: worker(name).id,
        name: name.to_owned(),
        version: "1".to_owned(),
        executors: Vec::new(),
        filter: any(),
        slots: 1,
        isolation: None,
        agents: Vec::new(),
        max_concurrent_tasks: None,
    };
    let (gone, polite, alive) = (present("gone"), present("polite"), present("alive"));
    for worker in [&gone, &polite, &alive] {
        store.worker_started(worker.clone()).await.unwrap();
    }
    store.worker_stopped(polite.id).await.unwrap();
    assert!(lost(&db, &store).await.is_empty());
    db.pass_seconds(91);
    store.worker_seen(alive.id).await.unwrap();
    let found = lost(&db, &store).await;
    let [one] = found.as_slice() else { panic!("{found:?}") };
    assert!(matches!(&one.event, TowerEvent::WorkerLost(lost) if lost.worker_id == gone.id && lost.name == "gone"));
    // Two processes look at the same moment.
    assert_eq!(store.events_emit(found.clone()).await.unwrap(), 1);
    assert_eq!(store.events_emit(found).await.unwrap(), 0);
    assert!(lost(&db, &store).await.is_empty());
    store.worker_seen(gone.id).await.unwrap();
    db.pass_seconds(91);
    assert_eq!(lost(&db, &store).await.len(), 2, "lost again is told again");
    db.pass_seconds(3_600);
    assert!(lost(&db, &store).await.is_empty(), "what was long ago is not told");
}

async fn a_budget_that_is_nearly_used_up_is_told_of_once_an_attempt(db: Db) {
    let store = db.store().await;
    let id = task().budget(30).attempts(5).enqueue(&store).await;
    let holder = worker("w");
    holder.claim_one(&store).await;
    db.pass_seconds(23);
    assert!(store.near_budgets(80).await.unwrap().is_empty());
    db.pass_seconds(1);
    let found = store.near_budgets(80).await.unwrap();
    let [one] = found.as_slice() else { panic!("{found:?}") };
    let TowerEvent::BudgetNear(near) = &one.event else { panic!("{one:?}") };
    assert_eq!((near.scope.clone(), near.used, near.limit), (format!("task/{id}"), 24, 30));
    assert_eq!(store.events_emit(found).await.unwrap(), 1);
    assert!(store.near_budgets(80).await.unwrap().is_empty());
    db.pass(Duration::from_secs(60));
    reap(&store).await;
    db.pass_seconds(600);
    holder.claim_one(&store).await;
    db.pass_seconds(24);
    let again = store.near_budgets(80).await.unwrap();
    assert_eq!(again.iter().map(|one| one.id.clone()).collect::<Vec<_>>(), [format!("budget.near/{id}/2")]);
}
