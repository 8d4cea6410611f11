//! The tower's own objects: workers and keys, and the wake-ups that spare everybody the polling.

use std::time::Duration;

use jct_contract::Sha256Digest;
use jct_store::model::{ClaimFilter, NewApiKey, NewWorker};
use jct_store::{KeyAnswer, StoreError};

use crate::support::{Db, any, has_due_work, offering, on_both_engines, principal, task, worker};

on_both_engines![
    a_worker_is_seen_until_it_stops,
    a_key_is_found_by_its_digest_only,
    a_revoked_key_stays_revoked,
    names_and_secrets_of_keys_are_unique,
    a_subscription_hears_of_other_stores_changes,
    the_database_answers_and_tells_the_time,
    nothing_is_written_after_the_store_was_closed,
];

/// Far more than any machine needs; a test that waits this long has failed.
const PATIENCE: Duration = Duration::from_secs(20);

fn new_worker(process: &crate::support::Worker, name: &str, filter: ClaimFilter) -> NewWorker {
    let executors = vec!["command".to_owned(), "survey".to_owned()];
    NewWorker {
        id: process.id,
        name: name.to_owned(),
        version: "0.1.0".to_owned(),
        executors,
        filter,
        slots: 4,
        isolation: None,
        agents: Vec::new(),
        max_concurrent_tasks: None,
    }
}

async fn a_worker_is_seen_until_it_stops(db: Db) {
    let store = db.store().await;
    let (any, some) = (worker("b"), worker("a"));
    store.worker_started(new_worker(&any, "b", crate::support::any())).await.unwrap();
    let only = offering(&["command", "survey"]);
    store.worker_started(new_worker(&some, "a", only)).await.unwrap();
    let start = db.now();
    task().enqueue(&store).await;
    any.claim_one(&store).await;
    db.pass_seconds(90);
    store.worker_seen(any.id).await.unwrap();
    let seen_since = |at| {
        let store = store.clone();
        async move { store.workers(at).await.unwrap() }
    };
    let long_ago = jct_contract::Timestamp::from_micros(start.as_micros() - 1);
    let all = seen_since(long_ago).await;
    assert_eq!(all.iter().map(|worker| worker.name.as_str()).collect::<Vec<_>>(), ["a", "b"]);
    let recent = seen_since(start).await;
    assert_eq!(recent.len(), 1);
    let record = &recent[0];
    assert_eq!((record.id, record.slots, record.running, record.takes_any), (any.id, 4, 1, true));
    assert_eq!(record.executors, ["command", "survey"]);
    assert_eq!((record.started_at, record.last_seen_at, record.stopped_at), (start, db.now(), None));
    store.worker_stopped(any.id).await.unwrap();
    assert_eq!(seen_since(long_ago).await.len(), 1);
}

fn new_key(name: &str, secret: &[u8]) -> NewApiKey {
    NewApiKey {
        principal: principal(name),
        scopes: vec!["tasks:read".to_owned(), "tasks:write".to_owned()],
        key_digest: Sha256Digest::of(secret),
        expires_at: None,
        created_by: principal("operator"),
    }
}

async fn a_key_is_found_by_its_digest_only(db: Db) {
    let store = db.store().await;
    let expires_at = Some(db.now().after(Duration::from_secs(60)));
    let key = NewApiKey { expires_at, ..new_key("ci", b"one") };
    let KeyAnswer::Kept(kept) = store.key_create(key).await.unwrap() else { panic!("not kept") };
    assert_eq!(store.key_by_digest(Sha256Digest::of(b"one")).await.unwrap(), Some(kept.clone()));
    assert_eq!(store.key_by_digest(Sha256Digest::of(b"two")).await.unwrap(), None);
    assert_eq!(kept.scopes, ["tasks:read", "tasks:write"]);
    assert_eq!((kept.created_by.as_str(), kept.created_at), ("operator", db.now()));
    assert!(kept.is_valid_at(db.now()));
    db.pass_seconds(60);
    assert!(!kept.is_valid_at(db.now()), "a key is refused from the very moment it expires");
}

async fn a_revoked_key_stays_revoked(db: Db) {
    let store = db.store().await;
    store.key_create(new_key("ci", b"one")).await.unwrap();
    db.pass_seconds(1);
    let revoked_at = Some(db.now());
    for _ in 0..2 {
        let answer = store.key_revoke("ci".to_owned(), principal("operator")).await.unwrap();
        let KeyAnswer::Kept(kept) = answer else { panic!("{answer:?}") };
        assert_eq!(kept.revoked_at, revoked_at);
        assert!(!kept.is_valid_at(db.now()));
        db.pass_seconds(1);
    }
    let unknown = store.key_revoke("nobody".to_owned(), principal("operator")).await.unwrap();
    assert_eq!(unknown, KeyAnswer::NotFound);
    // A name is not given out again: the log would no longer say who did what.
    assert_eq!(store.key_create(new_key("ci", b"two")).await.unwrap(), KeyAnswer::NameTaken);
}

async fn names_and_secrets_of_keys_are_unique(db: Db) {
    let store = db.store().await;
    store.key_create(new_key("b", b"one")).await.unwrap();
    assert_eq!(store.key_create(new_key("b", b"two")).await.unwrap(), KeyAnswer::NameTaken);
    store.key_create(new_key("a", b"three")).await.unwrap();
    let names: Vec<String> =
        store.key_list().await.unwrap().iter().map(|key| key.principal.name().to_owned()).collect();
    assert_eq!(names, ["a", "b"]);
}

async fn a_subscription_hears_of_other_stores_changes(db: Db) {
    let (here, there) = (db.store().await, db.store().await);
    let mut own = here.wake();
    task().enqueue(&here).await;
    assert!(own.changed(PATIENCE).await, "a change in the same process");
    // The subscription of another process may hear of more than this, but never of less.
    let mut other = there.wake();
    let hears = async {
        loop {
            if other.changed(PATIENCE).await && has_due_work(&there, &any(), None).await {
                break;
            }
        }
    };
    let changes = async {
        loop {
            task().enqueue(&here).await;
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
    };
    tokio::select! {
        () = hears => {}
        () = changes => {}
        () = tokio::time::sleep(PATIENCE) => panic!("no wake-up came from the other store"),
    }
}

async fn the_database_answers_and_tells_the_time(db: Db) {
    let store = db.store().await;
    store.ping().await.unwrap();
    assert_eq!(store.now().await.unwrap(), db.now());
    db.pass_seconds(3);
    assert_eq!(store.now().await.unwrap(), db.now());
    let name = if db.is_postgres() { "postgresql" } else { "sqlite" };
    assert_eq!(store.engine().as_str(), name);
}

async fn nothing_is_written_after_the_store_was_closed(db: Db) {
    let store = db.store().await;
    let posts: Vec<_> = (0..50)
        .map(|n| {
            let store = store.clone();
            tokio::spawn(async move { store.enqueue(vec![task().key(&format!("k{n}")).build()]).await })
        })
        .collect();
    tokio::task::yield_now().await;
    store.close().await;
    let rows = db.count("tasks").await;
    let mut acknowledged = 0;
    for post in posts {
        match post.await.unwrap() {
            Ok(_) => acknowledged += 1,
            Err(StoreError::Closed) => {}
            Err(other) => panic!("{other:?}"),
        }
    }
    assert_eq!(acknowledged, rows, "what was taken is finished before the store is closed");
    assert!(matches!(store.enqueue(vec![task().build()]).await, Err(StoreError::Closed)));
    assert_eq!(db.count("tasks").await, rows);
}
