//! Intake: one task or many, held or not, and the promise of the idempotency key.

use std::collections::HashSet;

use futures_util::future::join_all;
use jct_lifecycle::TaskStatus;
use jct_store::model::{Enqueued, TaskState};

use crate::support::{Db, audit, created, on_both_engines, record_of, state, status, task};

on_both_engines![
    a_task_comes_back_as_it_was_handed_in,
    a_batch_is_answered_in_order_and_ids_follow_it,
    a_held_task_is_pending,
    the_same_key_and_task_is_a_replay_that_writes_nothing,
    a_key_that_belongs_to_another_task_names_that_task,
    keys_repeated_inside_one_batch_are_handled_in_order,
    tasks_without_a_key_are_never_the_same,
    sixty_four_concurrent_posts_of_one_key_make_one_task,
    concurrent_enqueues_of_different_tasks_are_all_kept,
    an_empty_batch_is_no_error,
    text_survives_byte_for_byte,
];

async fn a_task_comes_back_as_it_was_handed_in(db: Db) {
    let store = db.store().await;
    let new = task().key("key-1").objective("survey the payment service").build();
    let answers = store.enqueue(vec![new.clone()]).await.unwrap();
    let [Enqueued::Created { task_id, created_at, objects: None }] = answers.as_slice() else { panic!("{answers:?}") };

    let record = record_of(&store, *task_id).await;
    assert_eq!(record.id, *task_id);
    assert_eq!(&record.task, new.admitted.task());
    assert_eq!(record.trace_id, new.trace_id);
    assert_eq!(record.submitter, new.submitter);
    assert_eq!(record.created_at, *created_at);
    assert_eq!(record.created_at, task_id.created_at());
    let now = db.now();
    let fresh = TaskState::Queued {
        queued_at: now,
        started_at: None,
        updated_at: now,
        run_at: now,
        attempts: 0,
        max_attempts: 3,
        last_reason: None,
    };
    assert_eq!(record.state, fresh);

    let admission = store.task_admission(*task_id).await.unwrap().unwrap();
    assert_eq!(admission.decision_id, new.admitted.decision_id().as_uuid());
    assert_eq!(admission.policy_digest, new.admitted.policy_digest());
    assert_eq!(admission.input_digest, new.admitted.input_digest());
    assert_eq!(admission.admitted_at, now);
    let owner = store.task_by_idempotency_key("key-1").await.unwrap();
    assert_eq!(owner, Some((*task_id, new.admitted.input_digest())));
    assert_eq!(store.task_by_idempotency_key("key-2").await.unwrap(), None);
}

async fn a_batch_is_answered_in_order_and_ids_follow_it(db: Db) {
    let store = db.store().await;
    let tasks = (0..150).map(|n| task().objective(&format!("batch item {n}")).build()).collect();
    let answers = store.enqueue(tasks).await.unwrap();
    let ids: Vec<_> = answers.iter().map(created).collect();
    assert_eq!(ids.len(), 150);
    assert!(ids.is_sorted() && ids.iter().collect::<HashSet<_>>().len() == 150);
    for (n, id) in ids.iter().enumerate().step_by(37) {
        assert_eq!(record_of(&store, *id).await.task.objective(), format!("batch item {n}"));
    }
}

async fn a_held_task_is_pending(db: Db) {
    let store = db.store().await;
    let id = task().held().enqueue(&store).await;
    assert_eq!(state(&store, id).await, TaskState::Pending { held_at: db.now() });
    assert_eq!(store.queue_position(id).await.unwrap(), None);
}

async fn the_same_key_and_task_is_a_replay_that_writes_nothing(db: Db) {
    let store = db.store().await;
    let id = task().key("same").enqueue(&store).await;
    db.pass_seconds(5);
    let again = store.enqueue(vec![task().key("same").build()]).await.unwrap();
    assert_eq!(again, [Enqueued::Replayed { task_id: id }]);
    assert_eq!(db.count("tasks").await, 1);
    assert_eq!(db.count("task_ready").await, 1);
    assert_eq!(audit(&store, id).await.len(), 1);
}

async fn a_key_that_belongs_to_another_task_names_that_task(db: Db) {
    let store = db.store().await;
    let id = task().key("mine").enqueue(&store).await;
    let other = task().key("mine").objective("something else entirely").build();
    assert_eq!(store.enqueue(vec![other]).await.unwrap(), [Enqueued::KeyReused { task_id: id }]);
    assert_eq!(db.count("tasks").await, 1);
    assert_eq!(audit(&store, id).await.len(), 1);
}

async fn keys_repeated_inside_one_batch_are_handled_in_order(db: Db) {
    let store = db.store().await;
    let items =
        [task().key("a"), task().key("b"), task().key("a"), task().key("b").objective("a different task"), task()];
    let answers = store.enqueue(items.iter().map(|item| item.build()).collect()).await.unwrap();
    let (a, b) = (created(&answers[0]), created(&answers[1]));
    assert_eq!(answers[2], Enqueued::Replayed { task_id: a });
    assert_eq!(answers[3], Enqueued::KeyReused { task_id: b });
    created(&answers[4]);
    assert_eq!(db.count("tasks").await, 3);
}

async fn tasks_without_a_key_are_never_the_same(db: Db) {
    let store = db.store().await;
    assert_ne!(task().enqueue(&store).await, task().enqueue(&store).await);
}

async fn sixty_four_concurrent_posts_of_one_key_make_one_task(db: Db) {
    // Two stores, as two API processes would have.
    let stores = [db.store().await, db.store().await];
    let posts = (0..64).map(|n| {
        let store = stores[n % 2].clone();
        tokio::spawn(async move { store.enqueue(vec![task().key("one").build()]).await.unwrap().remove(0) })
    });
    let answers: Vec<Enqueued> = join_all(posts).await.into_iter().map(Result::unwrap).collect();
    let made: Vec<_> = answers.iter().filter(|answer| matches!(answer, Enqueued::Created { .. })).collect();
    assert_eq!(made.len(), 1, "{answers:?}");
    let id = created(made[0]);
    let replays = answers.iter().filter(|answer| **answer == Enqueued::Replayed { task_id: id }).count();
    assert_eq!(replays, 63, "{answers:?}");
    assert_eq!(db.count("tasks").await, 1);
    assert_eq!(db.count("task_ready").await, 1);
    assert_eq!(db.count("audit_log").await, 1);
}

async fn concurrent_enqueues_of_different_tasks_are_all_kept(db: Db) {
    let stores = [db.store().await, db.store().await];
    let posts = (0..200).map(|n| {
        let store = stores[n % 2].clone();
        tokio::spawn(async move { task().key(&format!("k{n}")).enqueue(&store).await })
    });
    let ids: HashSet<_> = join_all(posts).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(ids.len(), 200);
    assert_eq!(db.count("task_ready").await, 200);
    for id in ids.into_iter().take(10) {
        assert_eq!(status(&stores[0], id).await, TaskStatus::Queued);
    }
}

async fn an_empty_batch_is_no_error(db: Db) {
    let store = db.store().await;
    assert_eq!(store.enqueue(Vec::new()).await.unwrap(), []);
}

async fn text_survives_byte_for_byte(db: Db) {
    let store = db.store().await;
    let objective = "quotes ' \" \\ ; -- %s {} \u{1F980} \u{202E} e\u{301}\n\ttab \u{FFFD}";
    let id = task().key("clé 🦀 '; DROP TABLE tasks; --").objective(objective).enqueue(&store).await;
    let record = record_of(&store, id).await;
    assert_eq!(record.task.objective(), objective.trim());
    assert_eq!(record.task.idempotency_key(), Some("clé 🦀 '; DROP TABLE tasks; --"));
    assert_eq!(record.task.digest(), jct_contract::Sha256Digest::of(record.task.canonical_json().as_bytes()));
}
