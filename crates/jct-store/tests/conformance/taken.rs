//! Executors outside the tower that say they live, and what they leave: under the lease that they have, and no other.

use std::time::Duration;

use jct_contract::{Sha256Digest, TaskId, TraceId};
use jct_cwom::ArtifactType;
use jct_lifecycle::{Fence, ReasonCode, TaskStatus};
use jct_store::model::{
    EventKind, ExternalLease, NewTakenArtifact, PageStart, TakenArtifact, TakenArtifactAnswer, TakenPlace, TaskState,
};
use jct_store::{ChangeAnswer, StatusAction, Store};

use crate::support::{
    Db, assert_rebuilt, audit, audit_actions, change, change_with_fence, complete, on_both_engines, principal, reap,
    record_of, state, status, task, worker,
};

on_both_engines![
    a_bounded_lease_lasts_no_longer_than_its_bound,
    a_renewed_lease_lasts_on_but_never_beyond_the_budget,
    renewing_never_shortens_a_lease,
    nobody_else_renews_a_lease,
    an_expired_lease_is_not_renewed,
    of_two_who_take_a_task_one_gets_it,
    a_file_that_is_left_is_kept_told_of_and_an_artifact_of_the_run,
    a_link_needs_no_file_and_no_issue,
    the_same_file_again_changes_nothing,
    a_name_is_never_given_to_another_file_and_there_is_a_quota,
    nobody_else_leaves_anything,
    a_run_is_found_by_its_attempt,
];

const HOUR: u64 = 3_600;
const BOUND: Duration = Duration::from_secs(900);
const GRACE: Duration = Duration::from_secs(60);
const QUOTA: u64 = 1_000;

fn bounded() -> StatusAction {
    StatusAction::Take { assigned_to: None, grace: GRACE, most: Some(BOUND) }
}

fn renew() -> StatusAction {
    StatusAction::Renew { grace: GRACE, most: Some(BOUND) }
}

#[track_caller]
fn lease(answer: ChangeAnswer) -> ExternalLease {
    match answer {
        ChangeAnswer::Taken(lease) => lease,
        other => panic!("no lease: {other:?}"),
    }
}

async fn taken(store: &Store, budget: u64) -> (TaskId, ExternalLease) {
    let id = task().budget(budget).enqueue(store).await;
    (id, lease(change(store, id, "jules", bounded()).await))
}

async fn a_bounded_lease_lasts_no_longer_than_its_bound(db: Db) {
    let store = db.store().await;
    let (_, long) = taken(&store, HOUR).await;
    assert_eq!(long.expires_at, db.now().after(BOUND + GRACE));
    let (_, short) = taken(&store, 30).await;
    assert_eq!(short.expires_at, db.now().after(Duration::from_secs(30) + GRACE));
}

async fn a_renewed_lease_lasts_on_but_never_beyond_the_budget(db: Db) {
    let store = db.store().await;
    let begun = db.now();
    let (id, first) = taken(&store, HOUR).await;
    let last = begun.after(Duration::from_secs(HOUR) + GRACE);
    for _ in 0..3 {
        db.pass_seconds(900);
        let renewed = lease(change_with_fence(&store, id, "jules", Some(first.fence), renew()).await);
        let expect = db.now().after(BOUND + GRACE).min(last);
        assert_eq!(renewed, ExternalLease { expires_at: expect, ..first.clone() });
        let TaskState::Running { expires_at, .. } = state(&store, id).await else { panic!("not running") };
        assert_eq!(expires_at, expect);
    }
    db.pass_seconds(900);
    assert_eq!(lease(change(&store, id, "jules", renew()).await).expires_at, last);
    db.pass_seconds(60);
    assert_eq!(change(&store, id, "jules", renew()).await, ChangeAnswer::LeaseExpired);
    assert_eq!(reap(&store).await[0].reason, ReasonCode::ExternalTimeout);
    // To live is no news.
    assert!(!audit_actions(&store, id).await.iter().any(|action| action.contains("renew")));
    assert_rebuilt(&store, id).await;
}

async fn renewing_never_shortens_a_lease(db: Db) {
    let store = db.store().await;
    let id = task().budget(HOUR).enqueue(&store).await;
    let whole = StatusAction::Take { assigned_to: None, grace: GRACE, most: None };
    let first = lease(change(&store, id, "jules", whole).await);
    assert_eq!(lease(change(&store, id, "jules", renew()).await), first);
}

async fn nobody_else_renews_a_lease(db: Db) {
    let store = db.store().await;
    let (id, held) = taken(&store, HOUR).await;
    let by_other = change_with_fence(&store, id, "mallory", Some(held.fence), renew()).await;
    assert_eq!(by_other, ChangeAnswer::HeldByOther { principal: "jules".to_owned() });
    let wrong = Fence { epoch: 1, generation: 9 };
    let stale = change_with_fence(&store, id, "jules", Some(wrong), renew()).await;
    assert_eq!(stale, ChangeAnswer::StaleFence { current: held.fence });
    let refused = audit(&store, id).await.into_iter().find(|entry| entry.action == "stale_write_refused").unwrap();
    assert!(refused.after.unwrap().contains("\"write\":\"renew\""));
    let queued = task().enqueue(&store).await;
    let answer = change(&store, queued, "jules", renew()).await;
    assert!(matches!(answer, ChangeAnswer::Illegal(illegal) if illegal.from == TaskStatus::Queued), "{answer:?}");
    worker("runner").claim_one(&store).await;
    let answer = change(&store, queued, "jules", renew()).await;
    assert_eq!(answer, ChangeAnswer::HeldByWorker { name: "runner".to_owned() });
    let nothing = TaskId::at(db.now());
    assert_eq!(change(&store, nothing, "jules", renew()).await, ChangeAnswer::NotFound);
}

async fn an_expired_lease_is_not_renewed(db: Db) {
    let store = db.store().await;
    let (id, held) = taken(&store, HOUR).await;
    db.pass(BOUND + GRACE);
    for action in [renew(), complete()] {
        let answer = change_with_fence(&store, id, "jules", Some(held.fence), action).await;
        assert_eq!(answer, ChangeAnswer::LeaseExpired);
    }
    let answer = store.taken_artifact_add(file(id, "jules", "late", b"late"), QUOTA).await.unwrap();
    assert_eq!(answer, TakenArtifactAnswer::Refused(ChangeAnswer::LeaseExpired));
    assert_eq!(status(&store, id).await, TaskStatus::Running);
}

async fn of_two_who_take_a_task_one_gets_it(db: Db) {
    let store = db.store().await;
    for _ in 0..10 {
        let id = task().enqueue(&store).await;
        let (one, other) = tokio::join!(change(&store, id, "one", bounded()), change(&store, id, "other", bounded()));
        let won = [&one, &other].into_iter().filter(|answer| matches!(answer, ChangeAnswer::Taken(_))).count();
        assert_eq!(won, 1, "{one:?} {other:?}");
        assert_eq!(store.task_attempts(id).await.unwrap().len(), 1);
    }
}

pub(crate) fn file(task_id: TaskId, by: &str, title: &str, bytes: &[u8]) -> NewTakenArtifact {
    let name = format!("artifacts/{title}");
    let place = TakenPlace::Kept { name, size_bytes: bytes.len() as u64, digest: Sha256Digest::of(bytes) };
    NewTakenArtifact {
        task_id,
        by: principal(by),
        fence: None,
        type_: ArtifactType::Report,
        title: title.to_owned(),
        media_type: "text/markdown".to_owned(),
        place,
        trace_id: TraceId::generate(),
    }
}

#[track_caller]
fn accepted(answer: TakenArtifactAnswer) -> TakenArtifact {
    match answer {
        TakenArtifactAnswer::Accepted(artifact) => artifact,
        other => panic!("not accepted: {other:?}"),
    }
}

async fn a_file_that_is_left_is_kept_told_of_and_an_artifact_of_the_run(db: Db) {
    let store = db.store().await;
    let id = task().with_objects().enqueue(&store).await;
    let held = lease(change(&store, id, "jules", bounded()).await);
    let new = NewTakenArtifact { fence: Some(held.fence), ..file(id, "jules", "report.md", b"# done") };
    let artifact = accepted(store.taken_artifact_add(new, QUOTA).await.unwrap());
    assert_eq!(artifact.uri, format!("/api/queue/jobs/{id}/artifacts/{}/download", artifact.id));

    let kept = store.job_artifacts(id, PageStart::Offset(0), 10).await.unwrap().unwrap().items;
    assert_eq!((kept[0].worker_id, kept[0].principal.as_deref()), (None, Some("jules")));
    assert_eq!((kept[0].id.as_uuid(), kept[0].attempt), (artifact.id.as_uuid(), 1));
    assert_eq!(kept[0].digest, Sha256Digest::of(b"# done"));

    let graph = store.issue_graph(record_of(&store, id).await.issue_id.unwrap()).await.unwrap().unwrap();
    let shown = &graph.artifacts[0];
    assert_eq!((shown.id, shown.content.title.as_str()), (artifact.id, "report.md"));
    assert_eq!((shown.content.type_, shown.content.size_bytes), (ArtifactType::Report, Some(6)));
    assert_eq!(Some(graph.runs[0].id), artifact.run_id);

    let events = store.task_events(id, 0, 100).await.unwrap().unwrap();
    let told = events.iter().find(|event| event.kind == EventKind::Artifact).unwrap();
    assert!(told.body.contains("report.md") && told.body.contains(&artifact.id.to_string()), "{}", told.body);
    let entry = audit(&store, id).await.pop().unwrap();
    assert_eq!((entry.action.as_str(), entry.actor_id.as_str()), ("artifact_added", "jules"));
    assert_eq!(change(&store, id, "jules", complete()).await, ChangeAnswer::Changed);
    assert_rebuilt(&store, id).await;
}

async fn a_link_needs_no_file_and_no_issue(db: Db) {
    let store = db.store().await;
    let (id, _) = taken(&store, HOUR).await;
    let uri = "https://example.org/pr/7".to_owned();
    let link = NewTakenArtifact { place: TakenPlace::Elsewhere { uri: uri.clone() }, ..file(id, "jules", "pr", b"") };
    let artifact = accepted(store.taken_artifact_add(link, 0).await.unwrap());
    assert_eq!((artifact.run_id, artifact.uri.as_str()), (None, uri.as_str()));
    assert_eq!(store.job_artifacts(id, PageStart::Offset(0), 10).await.unwrap().unwrap().items, []);
    let events = store.task_events(id, 0, 100).await.unwrap().unwrap();
    assert!(events.iter().any(|event| event.kind == EventKind::Artifact && event.body.contains(&uri)));
    assert_rebuilt(&store, id).await;
}

async fn the_same_file_again_changes_nothing(db: Db) {
    let store = db.store().await;
    let (id, _) = taken(&store, HOUR).await;
    let first = accepted(store.taken_artifact_add(file(id, "jules", "a", b"one"), QUOTA).await.unwrap());
    let entries = audit(&store, id).await.len();
    let again = store.taken_artifact_add(file(id, "jules", "a", b"one"), QUOTA).await.unwrap();
    assert_eq!(again, TakenArtifactAnswer::Repeated(first));
    assert_eq!(audit(&store, id).await.len(), entries);
}

async fn a_name_is_never_given_to_another_file_and_there_is_a_quota(db: Db) {
    let store = db.store().await;
    let (id, _) = taken(&store, HOUR).await;
    accepted(store.taken_artifact_add(file(id, "jules", "a", b"one"), QUOTA).await.unwrap());
    let other = store.taken_artifact_add(file(id, "jules", "a", b"two"), QUOTA).await.unwrap();
    assert_eq!(other, TakenArtifactAnswer::NameTaken);
    let large = store.taken_artifact_add(file(id, "jules", "b", &[b'x'; 998]), QUOTA).await.unwrap();
    assert_eq!(large, TakenArtifactAnswer::OverQuota { used_bytes: 3 });
    accepted(store.taken_artifact_add(file(id, "jules", "b", &[b'x'; 997]), QUOTA).await.unwrap());
}

async fn nobody_else_leaves_anything(db: Db) {
    let store = db.store().await;
    let (id, held) = taken(&store, HOUR).await;
    let refused = |answer| TakenArtifactAnswer::Refused(answer);
    let by_other = NewTakenArtifact { fence: Some(held.fence), ..file(id, "mallory", "a", b"one") };
    let answer = store.taken_artifact_add(by_other, QUOTA).await.unwrap();
    assert_eq!(answer, refused(ChangeAnswer::HeldByOther { principal: "jules".to_owned() }));
    let wrong = NewTakenArtifact { fence: Some(Fence { epoch: 1, generation: 7 }), ..file(id, "jules", "a", b"one") };
    let answer = store.taken_artifact_add(wrong, QUOTA).await.unwrap();
    assert_eq!(answer, refused(ChangeAnswer::StaleFence { current: held.fence }));
    assert_eq!(change(&store, id, "jules", complete()).await, ChangeAnswer::Changed);
    let answer = store.taken_artifact_add(file(id, "jules", "a", b"one"), QUOTA).await.unwrap();
    assert!(
        matches!(&answer, TakenArtifactAnswer::Refused(ChangeAnswer::Illegal(illegal)) if illegal.from == TaskStatus::Completed),
        "{answer:?}"
    );
    let nothing = store.taken_artifact_add(file(TaskId::at(db.now()), "jules", "a", b"one"), QUOTA).await.unwrap();
    assert_eq!(nothing, refused(ChangeAnswer::NotFound));
    let queued = task().enqueue(&store).await;
    let answer = store.taken_artifact_add(file(queued, "jules", "a", b"one"), QUOTA).await.unwrap();
    assert!(matches!(answer, TakenArtifactAnswer::Refused(ChangeAnswer::Illegal(_))), "{answer:?}");
    worker("runner").claim_one(&store).await;
    let answer = store.taken_artifact_add(file(queued, "jules", "a", b"one"), QUOTA).await.unwrap();
    assert_eq!(answer, refused(ChangeAnswer::HeldByWorker { name: "runner".to_owned() }));
    assert_eq!(db.count("job_artifacts").await, 0);
}

async fn a_run_is_found_by_its_attempt(db: Db) {
    let store = db.store().await;
    let id = task().with_objects().enqueue(&store).await;
    assert_eq!(store.attempt_run(id, 1).await.unwrap(), None);
    change(&store, id, "jules", bounded()).await;
    let graph = store.issue_graph(record_of(&store, id).await.issue_id.unwrap()).await.unwrap().unwrap();
    assert_eq!(store.attempt_run(id, 1).await.unwrap(), Some(graph.runs[0].id));
    assert_eq!(store.attempt_run(id, 2).await.unwrap(), None);
}
