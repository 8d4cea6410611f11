//! What was acknowledged is there after whatever comes next.

use jct_lifecycle::TaskStatus;
use jct_store::StoreError;
use jct_store::model::SettleAnswer;

use crate::support::{
    Db, LEASE, audit, completed, created, enqueue_many, on_both_engines, reap, record_of, settle, status, task, worker,
};

on_both_engines![
    invariant_02_an_acknowledged_task_survives_a_restart,
    a_lease_survives_the_restart_of_the_store_and_its_settlement_is_accepted,
    a_store_that_was_not_closed_leaves_nothing_half_done,
    a_broken_connection_loses_nothing_that_was_acknowledged,
];

async fn invariant_02_an_acknowledged_task_survives_a_restart(db: Db) {
    let store = db.store().await;
    let new = task().key("kept").build();
    let id = created(&store.enqueue(vec![new.clone()]).await.unwrap()[0]);
    let many = enqueue_many(&store, 100).await;
    let before = (record_of(&store, id).await.state, audit(&store, id).await);
    store.close().await;
    let store = db.store().await;
    assert_eq!((record_of(&store, id).await.state, audit(&store, id).await), before);
    assert_eq!(&record_of(&store, id).await.task, new.admitted.task());
    for id in many {
        assert_eq!(status(&store, id).await, TaskStatus::Queued);
    }
}

async fn a_lease_survives_the_restart_of_the_store_and_its_settlement_is_accepted(db: Db) {
    let store = db.store().await;
    let id = task().enqueue(&store).await;
    let claimed = worker("runner").claim_one(&store).await;
    store.close().await;
    let store = db.store().await;
    assert_eq!(worker("other").claim(&store, 10).await.len(), 0, "the lease is alive, whoever restarted");
    assert!(matches!(settle(&store, claimed.lease, completed("{}")).await, SettleAnswer::Accepted(_)));
    store.close().await;
    let store = db.store().await;
    let again = settle(&store, claimed.lease, completed("{}")).await;
    assert_eq!(again, SettleAnswer::Repeated { status: TaskStatus::Completed });
    assert_eq!(status(&store, id).await, TaskStatus::Completed);
}

async fn a_store_that_was_not_closed_leaves_nothing_half_done(db: Db) {
    let abandoned = db.store().await;
    enqueue_many(&abandoned, 5).await;
    worker("dead").claim(&abandoned, 2).await;
    // A second process comes up while the first one still holds its connections and never says goodbye.
    let store = db.store().await;
    db.pass(LEASE);
    assert_eq!(reap(&store).await.len(), 2);
    db.pass_seconds(600);
    let claimed = worker("alive").claim(&store, 10).await;
    assert_eq!(claimed.len(), 5);
    for task in claimed {
        assert!(matches!(settle(&store, task.lease, completed("{}")).await, SettleAnswer::Accepted(_)));
    }
}

/// Every connection is cut again and again while tasks come in; SQLite has none to cut, there the writer's lock is held
/// against it. Callers may be told "unavailable" or "unknown", and whoever was told "yes" was told the truth.
async fn a_broken_connection_loses_nothing_that_was_acknowledged(db: Db) {
    let store = db.store().await;
    let posts = (0..8).map(|caller| {
        let store = store.clone();
        tokio::spawn(async move {
            let mut acknowledged = Vec::new();
            for n in 0..25 {
                let post = vec![task().key(&format!("{caller}-{n}")).build()];
                loop {
                    match store.enqueue(post.clone()).await {
                        Ok(answers) => {
                            acknowledged.push(match answers[0] {
                                jct_store::model::Enqueued::Created { task_id, .. }
                                | jct_store::model::Enqueued::Replayed { task_id } => task_id,
                                ref other => panic!("{other:?}"),
                            });
                            break;
                        }
                        // The key makes trying again safe, whatever became of the first try.
                        Err(error @ (StoreError::Unavailable(_) | StoreError::OutcomeUnknown(_))) => {
                            assert!(error.is_transient());
                            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
                        }
                        Err(other) => panic!("{other:?}"),
                    }
                }
            }
            acknowledged
        })
    });
    let posts: Vec<_> = posts.collect();
    for _ in 0..6 {
        tokio::time::sleep(std::time::Duration::from_millis(30)).await;
        db.disturb().await;
    }
    let mut ids = Vec::new();
    for post in posts {
        ids.extend(post.await.unwrap());
    }
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 200);
    assert_eq!(db.count("tasks").await, 200, "one task a key, however often it was sent");
    assert_eq!(db.count("task_ready").await, 200);
    assert_eq!(db.count("audit_log").await, 200);
}
