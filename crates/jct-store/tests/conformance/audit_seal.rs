//! What seals the audit log: keys and checkpoints follow each other, only grow, and miss no entry.

use std::collections::BTreeSet;
use std::time::Duration;

use jct_audit::{Checkpoint, KeyRotation, Leaves, SignedCheckpoint, SigningKey};
use jct_store::Store;
use jct_store::model::{NewAuditKey, NewCheckpoint, SealAnswer};

use crate::support::{Db, audit_of, enqueue_many, on_both_engines, principal, task};

on_both_engines![
    the_first_key_is_registered_once_and_noted,
    checkpoints_follow_each_other_under_the_key_in_force,
    a_rotation_is_introduced_by_the_key_in_force_at_the_last_checkpoint,
    of_many_sealers_one_wins,
    sealing_under_load_misses_no_entry,
    keys_and_checkpoints_only_grow,
    the_origin_is_made_once,
];

fn key(seed: u8) -> SigningKey {
    SigningKey::from_entropy(&[seed; 32])
}

async fn register(store: &Store, key: &SigningKey) -> SealAnswer {
    let new = NewAuditKey::First { key: key.public(), by: principal("operator") };
    store.audit_key_keep(new).await.unwrap()
}

/// The checkpoint that seals everything now.
async fn next(db: &Db, store: &Store, key: &SigningKey) -> NewCheckpoint {
    let last = store.audit_checkpoints_before(None, 1).await.unwrap();
    let previous: Option<SignedCheckpoint> = last.first().map(|last| last.statement.parse().unwrap());
    let after = previous.as_ref().map_or(0, |previous| previous.statement().through);
    let through = store.audit_horizon().await.unwrap();
    let heads = store.audit_heads(after, through, 10_000).await.unwrap();
    let leaves = Leaves::latest(heads.iter().filter_map(|head| head.head.clone()));
    let origin = store.audit_origin().await.unwrap();
    let entries = heads.len() as u64;
    let checkpoint = Checkpoint::following(previous.as_ref(), origin, db.now(), through, entries, &leaves).sign(key);
    NewCheckpoint { checkpoint, leaves }
}

async fn seal(db: &Db, store: &Store, key: &SigningKey) -> SealAnswer {
    store.audit_seal(next(db, store, key).await).await.unwrap()
}

async fn rotate(db: &Db, store: &Store, old: &SigningKey, new: &SigningKey, after: u64) -> SealAnswer {
    let origin = store.audit_origin().await.unwrap();
    let rotation = KeyRotation::sign(origin, old, new.public(), db.now(), after);
    store.audit_key_keep(NewAuditKey::Next { rotation, by: principal("operator") }).await.unwrap()
}

async fn the_first_key_is_registered_once_and_noted(db: Db) {
    let store = db.store().await;
    assert_eq!(register(&store, &key(1)).await, SealAnswer::Kept);
    assert_eq!(register(&store, &key(1)).await, SealAnswer::Outrun);
    assert_eq!(register(&store, &key(2)).await, SealAnswer::Outrun);
    let keys = store.audit_keys().await.unwrap();
    assert_eq!(keys.iter().map(|key| (key.number, key.rotation.is_some())).collect::<Vec<_>>(), [(1, false)]);
    assert_eq!(keys[0].public_key, key(1).public().to_string());
    let entries = audit_of(&store, "audit_key", &key(1).public().id().to_string()).await;
    assert_eq!(entries.iter().map(|entry| entry.action.as_str()).collect::<Vec<_>>(), ["created"]);
    assert!(!format!("{entries:?}{keys:?}").contains(key(1).secret_text().as_str()));
}

async fn checkpoints_follow_each_other_under_the_key_in_force(db: Db) {
    let store = db.store().await;
    let id = task().enqueue(&store).await;
    assert_eq!(seal(&db, &store, &key(1)).await, SealAnswer::KeyNotInForce, "no key, no checkpoint");
    register(&store, &key(1)).await;
    assert_eq!(seal(&db, &store, &key(2)).await, SealAnswer::KeyNotInForce);
    let first = next(&db, &store, &key(1)).await;
    assert!(first.leaves.heads().iter().any(|head| head.entity_id == id.to_string() && head.seq == 1));
    assert_eq!(store.audit_seal(first.clone()).await.unwrap(), SealAnswer::Kept);
    assert_eq!(store.audit_seal(first.clone()).await.unwrap(), SealAnswer::Outrun, "once is enough");
    task().enqueue(&store).await;
    assert_eq!(seal(&db, &store, &key(1)).await, SealAnswer::Kept);
    let kept = store.audit_checkpoints(0, 10).await.unwrap();
    assert_eq!(kept.iter().map(|kept| kept.number).collect::<Vec<_>>(), [1, 2]);
    assert_eq!((kept[0].statement.as_str(), &kept[0].leaves), (first.checkpoint.text(), &first.leaves.to_string()));
    assert_eq!(store.audit_checkpoints(1, 10).await.unwrap(), kept[1..]);
    let newest = store.audit_checkpoints_before(None, 1).await.unwrap();
    assert_eq!((newest[0].number, newest[0].leaves.as_str()), (2, ""));
    assert_eq!(store.audit_checkpoints_before(Some(2), 5).await.unwrap().len(), 1);
}

async fn a_rotation_is_introduced_by_the_key_in_force_at_the_last_checkpoint(db: Db) {
    let store = db.store().await;
    register(&store, &key(1)).await;
    seal(&db, &store, &key(1)).await;
    assert_eq!(rotate(&db, &store, &key(3), &key(2), 1).await, SealAnswer::KeyNotInForce);
    assert_eq!(rotate(&db, &store, &key(1), &key(2), 0).await, SealAnswer::Outrun, "checkpoint 1 is there already");
    assert_eq!(rotate(&db, &store, &key(1), &key(2), 1).await, SealAnswer::Kept);
    assert_eq!(rotate(&db, &store, &key(1), &key(3), 1).await, SealAnswer::KeyNotInForce);
    assert_eq!(seal(&db, &store, &key(1)).await, SealAnswer::KeyNotInForce);
    assert_eq!(seal(&db, &store, &key(2)).await, SealAnswer::Kept);
    assert_eq!(rotate(&db, &store, &key(2), &key(1), 2).await, SealAnswer::Outrun, "an old key does not come back");
    let keys = store.audit_keys().await.unwrap();
    assert_eq!(keys.iter().map(|key| key.number).collect::<Vec<_>>(), [1, 2]);
    assert!(keys[1].rotation.as_deref().unwrap().contains("after-checkpoint 1\n"));
}

async fn of_many_sealers_one_wins(db: Db) {
    let stores = [db.store().await, db.store().await];
    register(&stores[0], &key(1)).await;
    for round in 1..=5 {
        task().enqueue(&stores[0]).await;
        let both = [next(&db, &stores[0], &key(1)).await, next(&db, &stores[1], &key(1)).await];
        let attempts = (0..8).map(|n| stores[n % 2].audit_seal(both[n / 4].clone()));
        let answers: Vec<_> = futures_util::future::join_all(attempts).await.into_iter().map(Result::unwrap).collect();
        assert_eq!(answers.iter().filter(|answer| **answer == SealAnswer::Kept).count(), 1, "round {round}");
        assert!(answers.iter().all(|answer| matches!(answer, SealAnswer::Kept | SealAnswer::Outrun)));
    }
    assert_eq!(db.count("audit_checkpoints").await, 5);
}

async fn sealing_under_load_misses_no_entry(db: Db) {
    let stores = [db.store().await, db.store().await];
    let writers: Vec<_> = (0..8)
        .map(|n| {
            let store = stores[n % 2].clone();
            tokio::spawn(async move {
                for _ in 0..15 {
                    enqueue_many(&store, 3).await;
                }
            })
        })
        .collect();
    let (mut seen, mut after) = (BTreeSet::new(), 0);
    loop {
        // Before the look, so that the last round sees everything.
        let is_last = writers.iter().all(tokio::task::JoinHandle::is_finished);
        let through = stores[0].audit_horizon().await.unwrap();
        for head in stores[0].audit_heads(after, through, 100_000).await.unwrap() {
            assert!(head.position > after && head.position <= through);
            assert!(seen.insert(head.head.unwrap().entity_id));
        }
        after = through;
        if is_last {
            break;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    assert_eq!(seen.len(), 8 * 15 * 3);
    assert_eq!(db.count("audit_log").await, 8 * 15 * 3);
}

async fn keys_and_checkpoints_only_grow(db: Db) {
    let store = db.store().await;
    register(&store, &key(1)).await;
    seal(&db, &store, &key(1)).await;
    for (table, column) in [("audit_keys", "public_key"), ("audit_checkpoints", "statement")] {
        for change in [format!("UPDATE {table} SET {column} = 'other'"), format!("DELETE FROM {table}")] {
            let refused = db.execute(&change).await.unwrap_err();
            assert!(refused.contains("only grow"), "{change}: {refused}");
        }
        assert_eq!(db.count(table).await, 1);
    }
}

async fn the_origin_is_made_once(db: Db) {
    let (one, other) = (db.store().await, db.store().await);
    let origin = one.audit_origin().await.unwrap();
    assert_eq!(origin, other.audit_origin().await.unwrap());
    assert_eq!(origin.as_str().len(), 32);
}

mod late {
    //! Only on PostgreSQL: an entry whose transaction took its position early and commits late.

    use std::time::{Duration, Instant};

    use crate::support::{Db, on_postgres, task};

    const LATE: &str = "BEGIN; SELECT pg_advisory_xact_lock_shared(73140102026); \
        INSERT INTO audit_log (id, ts, actor_kind, actor_id, action, entity_kind, entity_id, seq, prev_hash, hash) \
        VALUES (gen_random_uuid(), 1, 'system', 'late', 'created', 'task', 'late', 1, '0', '0'); \
        SELECT pg_sleep(0.7); COMMIT";

    #[tokio::test(flavor = "multi_thread")]
    async fn an_entry_that_commits_late_is_waited_for() {
        on_postgres(|db: Db| async move {
            let store = db.store().await;
            let (started, late) = (Instant::now(), db.clone());
            let late = tokio::spawn(async move { late.execute(LATE).await.unwrap() });
            tokio::time::sleep(Duration::from_millis(250)).await;
            task().enqueue(&store).await;
            assert!(started.elapsed() < Duration::from_millis(650), "other writers do not wait for it");
            let through = store.audit_horizon().await.unwrap();
            let seen = store.audit_heads(0, through, 10).await.unwrap();
            assert_eq!(seen.len(), 2, "the late entry lies before the horizon");
            late.await.unwrap();
        })
        .await;
    }

    /// The store's own writers hold the lock that the look waits for.
    #[tokio::test(flavor = "multi_thread")]
    async fn every_writing_transaction_holds_the_lock() {
        on_postgres(|db: Db| async move {
            let store = db.store().await;
            let alone = db.clone();
            let alone = tokio::spawn(async move {
                alone.execute("BEGIN; SELECT pg_advisory_xact_lock(73140102026); SELECT pg_sleep(0.5); COMMIT").await
            });
            tokio::time::sleep(Duration::from_millis(200)).await;
            let started = Instant::now();
            task().enqueue(&store).await;
            assert!(started.elapsed() > Duration::from_millis(100), "the writer waited for the lock");
            alone.await.unwrap().unwrap();
        })
        .await;
    }
}
