//! Work objects that come with a task: created with it or not at all, and moved along by whoever holds the lease.

use jct_contract::{ObjectId, Sha256Digest};
use jct_cwom::{ObjectKind, Status};
use jct_lifecycle::{AttemptEnd, ReasonCode};
use jct_store::model::{ArtifactFile, Enqueued, NewTask, Settlement, TraceRef};
use jct_store::{StatusAction, Store};
use serde_json::{Value, json};

use crate::support::{
    Db, LEASE, assert_objects_rebuilt, assert_rebuilt, audit_of, cancel, change, completed, created, failed,
    on_both_engines, reap, record_of, settle, settlement, take, task, worker,
};

on_both_engines![
    a_task_brings_its_objects_in_one_transaction,
    a_replay_creates_nothing,
    tasks_of_one_repository_share_it,
    concurrent_tasks_create_their_repository_once,
    a_completed_attempt_leaves_a_run_with_artifacts,
    a_lost_lease_fails_its_run_and_the_issue_waits_again,
    an_attempt_that_was_given_back_cancels_its_run,
    an_issue_that_people_closed_is_left_alone,
    a_task_that_is_cancelled_while_it_waits_takes_its_issue_along,
    an_outsider_has_a_run_of_its_own,
    a_stale_holder_moves_neither_run_nor_issue,
];

/// The issue of the only task there is, as JSON.
async fn issue(store: &Store, id: jct_contract::TaskId) -> Value {
    let issue = record_of(store, id).await.issue_id.unwrap();
    object(store, ObjectKind::Issue, issue.into()).await
}

async fn object(store: &Store, kind: ObjectKind, id: ObjectId) -> Value {
    serde_json::to_value(store.object_get(kind, id).await.unwrap().unwrap().object).unwrap()
}

async fn runs(store: &Store, id: jct_contract::TaskId) -> Vec<Value> {
    let issue = record_of(store, id).await.issue_id.unwrap();
    let graph = store.issue_graph(issue).await.unwrap().unwrap();
    graph.runs.into_iter().map(|run| serde_json::to_value(run).unwrap()).collect()
}

async fn a_task_brings_its_objects_in_one_transaction(db: Db) {
    let store = db.store().await;
    let new = task().with_objects().build();
    let answers = store.enqueue(vec![new.clone()]).await.unwrap();
    let [Enqueued::Created { task_id, objects: Some(ids), .. }] = answers.as_slice() else { panic!("{answers:?}") };
    assert_eq!(record_of(&store, *task_id).await.issue_id, Some(ids.issue));
    assert_eq!(store.task_objects(ids.issue).await.unwrap(), Some(*ids));
    assert_eq!(store.repo_by_slug("myorg/app").await.unwrap(), Some(ids.repo));

    let shown = issue(&store, *task_id).await;
    assert_eq!((&shown["status"], &shown["title"]), (&"planned".into(), &"prove the store".into()));
    assert_eq!(shown["repo"]["id"], ids.repo.to_string());
    assert_eq!(
        shown["constraints"],
        json!([{"kind": "ConstraintSnapshot", "id": ids.constraint_snapshot, "role": null}])
    );
    assert_eq!(shown["context_packets"], json!([{"kind": "ContextPacket", "id": ids.context_packet, "role": null}]));
    assert_eq!(shown["trace_id"], new.trace_id.as_str());
    let repo = audit_of(&store, "Repo", &ids.repo.to_string()).await;
    assert_eq!((repo[0].actor_id.as_str(), repo[0].trace_id.as_deref()), ("submitter", Some(new.trace_id.as_str())));
    assert_rebuilt(&store, *task_id).await;
}

async fn counts(db: &Db) -> Vec<u64> {
    let mut counts = Vec::new();
    for table in
        ["tasks", "cwom_repos", "cwom_issues", "cwom_context_packets", "cwom_constraint_snapshots", "audit_log"]
    {
        counts.push(db.count(table).await);
    }
    counts
}

async fn a_replay_creates_nothing(db: Db) {
    let store = db.store().await;
    let id = task().key("k").with_objects().enqueue(&store).await;
    let before = counts(&db).await;
    assert_eq!(before, [1, 1, 1, 1, 1, 5]);
    let again = |objective: &str| task().key("k").objective(objective).repo("myorg/other").with_objects().build();
    let replay = task().key("k").with_objects().build();
    let answers = store.enqueue(vec![replay, again("something else")]).await.unwrap();
    assert_eq!(answers, [Enqueued::Replayed { task_id: id }, Enqueued::KeyReused { task_id: id }]);
    assert_eq!(counts(&db).await, before);
}

async fn tasks_of_one_repository_share_it(db: Db) {
    let store = db.store().await;
    let batch: Vec<NewTask> = (0..5).map(|_| task().with_objects().build()).collect();
    let mut repos = Vec::new();
    for answer in store
        .enqueue(batch)
        .await
        .unwrap()
        .into_iter()
        .chain(store.enqueue(vec![task().with_objects().build()]).await.unwrap())
    {
        let id = created(&answer);
        repos.push(issue(&store, id).await["repo"]["id"].clone());
        assert_rebuilt(&store, id).await;
    }
    repos.dedup();
    assert_eq!((repos.len(), db.count("cwom_repos").await), (1, 1));
}

async fn concurrent_tasks_create_their_repository_once(db: Db) {
    let stores = [db.store().await, db.store().await];
    let callers = (0..16).map(|n| {
        let store = stores[n % 2].clone();
        tokio::spawn(async move { task().with_objects().enqueue(&store).await })
    });
    for id in futures_util::future::join_all(callers).await {
        assert_rebuilt(&stores[0], id.unwrap()).await;
    }
    assert_eq!((db.count("cwom_repos").await, db.count("cwom_issues").await), (1, 16));
}

async fn a_completed_attempt_leaves_a_run_with_artifacts(db: Db) {
    let store = db.store().await;
    let id = task().with_objects().enqueue(&store).await;
    let claimed = worker("runner").claim_one(&store).await;
    let running = issue(&store, id).await;
    assert_eq!((&running["status"], running["runs"].as_array().unwrap().len()), (&"running".into(), 1));
    let run = &runs(&store, id).await[0];
    assert_eq!((&run["status"], &run["executor"]["actor"]["actor_id"]), (&"running".into(), &"runner".into()));
    assert_eq!(run["inputs"]["context_packets"], running["context_packets"]);
    assert_eq!(run["inputs"]["constraint_snapshot"], running["constraints"][0]);

    let file = |name: &str| ArtifactFile {
        path: format!("artifacts/{name}"),
        size_bytes: name.len() as u64,
        digest: Sha256Digest::of(name.as_bytes()),
    };
    db.pass_seconds(2);
    let end = Settlement {
        trace: Some(TraceRef { path: format!("{id}/attempt-1"), manifest_digest: Some("d".to_owned()) }),
        artifacts: vec![file("report.md"), file("report.json")],
        ..settlement(claimed.lease, completed("{}"))
    };
    store.settle(end.clone()).await.unwrap();
    // A repetition registers nothing twice.
    store.settle(end).await.unwrap();

    assert_eq!(issue(&store, id).await["status"], "under_review");
    let run = &runs(&store, id).await[0];
    assert_eq!((&run["status"], &run["failure"]), (&"under_review".into(), &Value::Null));
    assert_eq!(run["telemetry"]["duration_s"], 2.0);
    assert_eq!(run["artifact_root_uri"], format!("/tasks/{id}/trace?attempt=1"));
    let graph = store.issue_graph(record_of(&store, id).await.issue_id.unwrap()).await.unwrap().unwrap();
    let artifacts: Vec<Value> =
        graph.artifacts.into_iter().map(|artifact| serde_json::to_value(artifact).unwrap()).collect();
    assert_eq!(artifacts.len(), 2);
    assert_eq!(artifacts[0]["title"], "report.md");
    assert_eq!(artifacts[0]["uri"], format!("/tasks/{id}/trace/artifacts/report.md?attempt=1"));
    assert_eq!(artifacts[0]["digest"], Sha256Digest::of(b"report.md").to_string());
    let named: Vec<Value> = artifacts.iter().map(|artifact| artifact["id"].clone()).collect();
    let shown: Vec<Value> =
        run["outputs"]["artifacts"].as_array().unwrap().iter().map(|artifact| artifact["id"].clone()).collect();
    assert_eq!(shown, named);
    assert_rebuilt(&store, id).await;
}

async fn a_lost_lease_fails_its_run_and_the_issue_waits_again(db: Db) {
    let store = db.store().await;
    let id = task().with_objects().enqueue(&store).await;
    worker("first").claim_one(&store).await;
    db.pass(LEASE);
    reap(&store).await;
    assert_eq!(issue(&store, id).await["status"], "ready");
    let lost = &runs(&store, id).await[0];
    assert_eq!((&lost["status"], &lost["failure"]["category"]), (&"failed".into(), &"runtime".into()));
    assert!(lost["failure"]["message"].as_str().unwrap().starts_with("LEASE_LOST: "), "{lost}");
    db.pass_seconds(600);
    let second = worker("second").claim_one(&store).await;
    settle(&store, second.lease, failed(ReasonCode::CommandFailed)).await;
    let all = runs(&store, id).await;
    assert_eq!(all.iter().map(|run| run["status"].clone()).collect::<Vec<_>>(), ["failed", "failed"]);
    assert_eq!(issue(&store, id).await["status"], "failed");
    assert_rebuilt(&store, id).await;
}

async fn an_attempt_that_was_given_back_cancels_its_run(db: Db) {
    let store = db.store().await;
    let id = task().with_objects().enqueue(&store).await;
    let claimed = worker("leaving").claim_one(&store).await;
    settle(&store, claimed.lease, AttemptEnd::GivenBack).await;
    let run = &runs(&store, id).await[0];
    assert_eq!((&run["status"], &run["failure"]), (&"canceled".into(), &Value::Null));
    assert_eq!(issue(&store, id).await["status"], "ready");
    assert_rebuilt(&store, id).await;
}

async fn an_issue_that_people_closed_is_left_alone(db: Db) {
    let store = db.store().await;
    let id = task().with_objects().enqueue(&store).await;
    let claimed = worker("runner").claim_one(&store).await;
    let issue_id = record_of(&store, id).await.issue_id.unwrap();
    let close = jct_cwom::IssueChange { status: Some(Status::Canceled), ..Default::default() };
    let (by, trace_id) = (crate::support::principal("alice"), record_of(&store, id).await.trace_id);
    store.issue_change(issue_id, close, None, by, trace_id).await.unwrap();
    settle(&store, claimed.lease, completed("{}")).await;
    assert_eq!(issue(&store, id).await["status"], "canceled");
    assert_eq!(runs(&store, id).await[0]["status"], "under_review");
    assert_objects_rebuilt(&store, issue_id).await;
}

async fn a_task_that_is_cancelled_while_it_waits_takes_its_issue_along(db: Db) {
    let store = db.store().await;
    let id = task().with_objects().held().enqueue(&store).await;
    change(&store, id, "alice", cancel()).await;
    assert_eq!(issue(&store, id).await["status"], "canceled");
    assert_rebuilt(&store, id).await;
}

async fn an_outsider_has_a_run_of_its_own(db: Db) {
    let store = db.store().await;
    let id = task().with_objects().enqueue(&store).await;
    change(&store, id, "jules", take()).await;
    let run = &runs(&store, id).await[0];
    assert_eq!((&run["mode"], &run["executor"]["actor"]["actor_id"]), (&"human".into(), &"jules".into()));
    let end = StatusAction::Complete { result: "{}".to_owned(), trace_path: Some("elsewhere".to_owned()) };
    change(&store, id, "jules", end).await;
    let run = &runs(&store, id).await[0];
    assert_eq!((&run["status"], &run["artifact_root_uri"]), (&"under_review".into(), &Value::Null));
    assert_rebuilt(&store, id).await;
}

async fn a_stale_holder_moves_neither_run_nor_issue(db: Db) {
    let store = db.store().await;
    let id = task().with_objects().enqueue(&store).await;
    let paused = worker("paused").claim_one(&store).await;
    db.pass(LEASE);
    reap(&store).await;
    let (before, runs_before) = (issue(&store, id).await, runs(&store, id).await);
    let late = Settlement {
        artifacts: vec![ArtifactFile {
            path: "artifacts/late".to_owned(),
            size_bytes: 1,
            digest: Sha256Digest::of(b"late"),
        }],
        ..settlement(paused.lease, completed("{}"))
    };
    store.settle(late).await.unwrap();
    assert_eq!((issue(&store, id).await, runs(&store, id).await), (before, runs_before));
    assert_eq!(db.count("cwom_artifacts").await, 0);
}
