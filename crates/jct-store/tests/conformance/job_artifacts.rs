//! Files of jobs: under a living lease only, each name once, within a quota, never changed.

use jct_contract::{JobArtifactId, Sha256Digest, TaskId, WorkerId};
use jct_store::model::{
    ClaimedTask, EventKind, JobArtifactAnswer, JobArtifactRecord, NewJobArtifact, PageStart, TaskState,
};

use crate::support::{
    Db, LEASE_SECONDS, assert_rebuilt, audit_actions, completed, forged, on_both_engines, record_of, settle, task,
    worker,
};

on_both_engines![
    a_file_is_kept_and_told_of,
    the_same_file_again_changes_nothing,
    a_name_is_never_given_to_another_file,
    a_job_has_a_quota,
    nobody_hands_a_file_in_without_the_lease,
    files_are_listed_newest_first,
    a_kept_file_never_changes,
];

const QUOTA: u64 = 1_000;

pub(crate) fn new_artifact(claimed: &ClaimedTask, worker_id: WorkerId, name: &str, bytes: &[u8]) -> NewJobArtifact {
    NewJobArtifact {
        lease: claimed.lease,
        worker_id,
        name: name.to_owned(),
        content_type: "text/plain".to_owned(),
        size_bytes: bytes.len() as u64,
        digest: Sha256Digest::of(bytes),
    }
}

#[track_caller]
fn kept(answer: JobArtifactAnswer) -> JobArtifactRecord {
    match answer {
        JobArtifactAnswer::Kept(record) => record,
        other => panic!("not kept: {other:?}"),
    }
}

async fn a_file_is_kept_and_told_of(db: Db) {
    let store = db.store().await;
    let id = task().enqueue(&store).await;
    let me = worker("w");
    let claimed = me.claim_one(&store).await;
    let record = kept(store.job_artifact_add(new_artifact(&claimed, me.id, "a/log.txt", b"one"), QUOTA).await.unwrap());
    let expected = JobArtifactRecord {
        id: record.id,
        task_id: id,
        attempt: 1,
        worker_id: Some(me.id),
        principal: None,
        name: "a/log.txt".to_owned(),
        content_type: "text/plain".to_owned(),
        size_bytes: 3,
        digest: Sha256Digest::of(b"one"),
        created_at: db.now(),
    };
    assert_eq!(record, expected);
    assert_eq!(store.job_artifact(id, record.id).await.unwrap(), Some(expected));
    let events = store.task_events(id, 0, 10).await.unwrap().unwrap();
    let last = events.last().unwrap();
    assert_eq!((last.seq, last.kind, last.attempt), (3, EventKind::Artifact, Some(1)));
    assert_eq!(store.task_last_event(id).await.unwrap(), Some(3));
    let body: serde_json::Value = serde_json::from_str(&last.body).unwrap();
    assert_eq!(body["name"], "a/log.txt");
    assert_eq!(body["artifact_id"], record.id.to_string());
    assert_eq!(audit_actions(&store, id).await, ["created", "status_changed", "artifact_added"]);
    settle(&store, claimed.lease, completed("{}")).await;
    // Numbers and chain go on behind it.
    assert_rebuilt(&store, id).await;
    assert_eq!(store.task_last_event(id).await.unwrap(), Some(4));
}

async fn the_same_file_again_changes_nothing(db: Db) {
    let store = db.store().await;
    let id = task().enqueue(&store).await;
    let me = worker("w");
    let claimed = me.claim_one(&store).await;
    let new = new_artifact(&claimed, me.id, "log.txt", b"one");
    let record = kept(store.job_artifact_add(new.clone(), QUOTA).await.unwrap());
    db.pass_seconds(1);
    assert_eq!(store.job_artifact_add(new, QUOTA).await.unwrap(), JobArtifactAnswer::Repeated(record));
    assert_eq!(store.task_last_event(id).await.unwrap(), Some(3));
    assert_eq!(db.count("job_artifacts").await, 1);
}

async fn a_name_is_never_given_to_another_file(db: Db) {
    let store = db.store().await;
    task().enqueue(&store).await;
    let me = worker("w");
    let claimed = me.claim_one(&store).await;
    store.job_artifact_add(new_artifact(&claimed, me.id, "log.txt", b"one"), QUOTA).await.unwrap();
    let other = new_artifact(&claimed, me.id, "log.txt", b"two");
    assert_eq!(store.job_artifact_add(other, QUOTA).await.unwrap(), JobArtifactAnswer::NameTaken);
    // Not by a later attempt either.
    settle(&store, claimed.lease, jct_lifecycle::AttemptEnd::GivenBack).await;
    let again = me.claim_one(&store).await;
    let other = new_artifact(&again, me.id, "log.txt", b"two");
    assert_eq!(store.job_artifact_add(other, QUOTA).await.unwrap(), JobArtifactAnswer::NameTaken);
    // Another job has names of its own.
    task().enqueue(&store).await;
    let elsewhere = me.claim_one(&store).await;
    kept(store.job_artifact_add(new_artifact(&elsewhere, me.id, "log.txt", b"two"), QUOTA).await.unwrap());
}

async fn a_job_has_a_quota(db: Db) {
    let store = db.store().await;
    let id = task().enqueue(&store).await;
    let me = worker("w");
    let claimed = me.claim_one(&store).await;
    let file = |name: &str, size| NewJobArtifact { size_bytes: size, ..new_artifact(&claimed, me.id, name, b"x") };
    kept(store.job_artifact_add(file("a", 600), QUOTA).await.unwrap());
    let over = store.job_artifact_add(file("b", 401), QUOTA).await.unwrap();
    assert_eq!(over, JobArtifactAnswer::OverQuota { used_bytes: 600 });
    assert_eq!(store.task_last_event(id).await.unwrap(), Some(3), "a refusal leaves no gap in the events");
    kept(store.job_artifact_add(file("b", 400), QUOTA).await.unwrap());
    let huge = store.job_artifact_add(file("c", u64::MAX), QUOTA).await.unwrap();
    assert_eq!(huge, JobArtifactAnswer::OverQuota { used_bytes: 1_000 });
}

async fn nobody_hands_a_file_in_without_the_lease(db: Db) {
    let store = db.store().await;
    let id = task().enqueue(&store).await;
    let me = worker("w");
    let claimed = me.claim_one(&store).await;
    let new = new_artifact(&claimed, me.id, "log.txt", b"one");
    let current = Some(claimed.lease.fence);
    let stale = |current| JobArtifactAnswer::Stale { current };
    let thief = NewJobArtifact { worker_id: worker("thief").id, ..new.clone() };
    assert_eq!(store.job_artifact_add(thief, QUOTA).await.unwrap(), stale(current));
    let forger = NewJobArtifact { lease: forged(claimed.lease), ..new.clone() };
    assert_eq!(store.job_artifact_add(forger, QUOTA).await.unwrap(), stale(current));
    db.pass_seconds(LEASE_SECONDS);
    assert_eq!(store.job_artifact_add(new.clone(), QUOTA).await.unwrap(), stale(current));
    crate::support::reap(&store).await;
    assert_eq!(store.job_artifact_add(new.clone(), QUOTA).await.unwrap(), stale(None));
    let nowhere = jct_lifecycle::LeaseRef { task_id: TaskId::at(db.now()), ..claimed.lease };
    assert_eq!(store.job_artifact_add(NewJobArtifact { lease: nowhere, ..new }, QUOTA).await.unwrap(), stale(None));
    assert_eq!(db.count("job_artifacts").await, 0);
    let refused = audit_actions(&store, id).await.iter().filter(|action| *action == "stale_write_refused").count();
    assert_eq!(refused, 4);
    assert!(matches!(record_of(&store, id).await.state, TaskState::Queued { .. }));
}

async fn files_are_listed_newest_first(db: Db) {
    let store = db.store().await;
    let id = task().enqueue(&store).await;
    let me = worker("w");
    let claimed = me.claim_one(&store).await;
    for name in ["a", "b", "c"] {
        kept(store.job_artifact_add(new_artifact(&claimed, me.id, name, name.as_bytes()), QUOTA).await.unwrap());
    }
    let first = store.job_artifacts(id, PageStart::Offset(0), 2).await.unwrap().unwrap();
    let names = |page: &jct_store::model::Page<JobArtifactRecord>| {
        page.items.iter().map(|file| file.name.clone()).collect::<Vec<_>>()
    };
    assert_eq!(names(&first), ["c", "b"]);
    let rest = store.job_artifacts(id, PageStart::After(first.next.unwrap()), 2).await.unwrap().unwrap();
    assert_eq!((names(&rest), rest.next), (vec!["a".to_owned()], None));
    let unknown = TaskId::at(db.now());
    assert!(store.job_artifacts(unknown, PageStart::Offset(0), 2).await.unwrap().is_none());
    assert_eq!(store.task_last_event(unknown).await.unwrap(), None);
    // A file is found under its own job only.
    assert_eq!(store.job_artifact(unknown, first.items[0].id).await.unwrap(), None);
    assert_eq!(store.job_artifact(id, JobArtifactId::at(db.now())).await.unwrap(), None);
}

async fn a_kept_file_never_changes(db: Db) {
    let store = db.store().await;
    task().enqueue(&store).await;
    let me = worker("w");
    let claimed = me.claim_one(&store).await;
    store.job_artifact_add(new_artifact(&claimed, me.id, "log.txt", b"one"), QUOTA).await.unwrap();
    for statement in ["UPDATE job_artifacts SET digest = 'x'", "DELETE FROM job_artifacts"] {
        let refused = db.execute(statement).await.unwrap_err();
        assert!(refused.contains("an artifact of a job never changes"), "{refused}");
    }
}
