//! A task in the hands of a worker of the tower: what it proves, and what nobody can do behind its back.

use std::collections::BTreeMap;
use std::time::Duration;

use actix_web::http::Method;
use jct_contract::{CapabilitySet, Timestamp, WorkerId};
use jct_lifecycle::{AttemptEnd, RetryPolicy};
use jct_store::model::{Claim, ClaimFilter, ClaimedTask, EventKind, NewEvent, RunReport, Settlement, TraceRef};
use jct_tower::TowerOptions;
use jct_trace::{AttemptIdentity, LogStream, Output, TraceRoot};
use serde_json::{Value, json};

use super::app::{TestApp, task};
use crate::HttpOptions;

async fn claim(app: &TestApp) -> ClaimedTask {
    let claim = Claim {
        worker_id: WorkerId::at(Timestamp::from_micros(1)),
        worker_name: "worker-1".to_owned(),
        limit: 1,
        lease: Duration::from_secs(60),
        filter: ClaimFilter::any(CapabilitySet::default()),
        isolation: None,
    };
    app.store.claim(claim).await.unwrap().pop().unwrap()
}

/// Seals a folder with one log line and settles the attempt with it.
async fn complete(app: &TestApp, root: &TraceRoot, claimed: &ClaimedTask) {
    let identity = AttemptIdentity {
        task_id: claimed.lease.task_id,
        attempt: claimed.attempt,
        fence: claimed.lease.fence,
        trace_id: claimed.trace_id.clone(),
        worker: "worker-1".to_owned(),
        components: BTreeMap::new(),
        admission: None,
        started_at: claimed.claimed_at,
    };
    let mut writer = root.begin(identity, &json!({"the": "task"})).unwrap();
    writer.log_line(claimed.claimed_at, LogStream::Stdout, "hello");
    std::fs::write(writer.artifacts_dir().join("page.html"), "<script>alert(1)</script>").unwrap();
    std::fs::write(writer.artifacts_dir().join("100% a+b\n.txt"), "odd").unwrap();
    let sealed = writer.finish(Output::Result(json!({"ok": true})), claimed.claimed_at).seal().unwrap();
    let settlement = Settlement {
        lease: claimed.lease,
        end: AttemptEnd::Completed { result: r#"{"ok":true}"#.to_owned() },
        trace: Some(TraceRef { path: sealed.relative_path, manifest_digest: Some(sealed.manifest_digest.to_string()) }),
        artifacts: Vec::new(),
        evidence: None,
        report: RunReport::default(),
        manifest_state: None,
        retry: RetryPolicy::default(),
        jitter: 0.5,
    };
    app.store.settle(settlement).await.unwrap();
}

async fn with_traces() -> (TestApp, TraceRoot, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let root = TraceRoot::open(folder.path()).unwrap();
    let options = TowerOptions { traces: Some(root.clone()), ..TowerOptions::default() };
    (TestApp::with(HttpOptions::default(), options).await, root, folder)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sealed_trace_is_served_file_by_file() {
    let (app, root, _folder) = with_traces().await;
    let id = app.enqueue(&task()).await;
    app.get(&format!("/tasks/{id}/trace")).await.problem("TRACE_NOT_FOUND");
    complete(&app, &root, &claim(&app).await).await;

    let trace = app.get(&format!("/tasks/{id}/trace")).await.json();
    assert_eq!((&trace["attempt"], &trace["manifest"]["outcome"]), (&1.into(), &"result".into()));
    let paths: Vec<_> = trace["files"].as_array().unwrap().iter().map(|file| file["path"].as_str().unwrap()).collect();
    assert!(["input.json", "log.txt", "output.json", "manifest.json"].iter().all(|name| paths.contains(name)));
    for path in paths {
        let encoded = percent_encoding::utf8_percent_encode(path, percent_encoding::NON_ALPHANUMERIC);
        let answer = app.get(&format!("/tasks/{id}/trace/{encoded}")).await;
        assert_eq!(answer.status, 200, "{path}");
        assert!(answer.headers["etag"].starts_with("\"sha256:"));
    }
    let log = app.get(&format!("/tasks/{id}/trace/log.txt")).await;
    assert!(log.text.contains("hello"));
    let page = app.get(&format!("/tasks/{id}/trace/artifacts/page.html?attempt=1")).await;
    assert_eq!(page.header("content-type"), Some("application/octet-stream"));
    assert_eq!(page.header("content-disposition"), Some("attachment"));
    assert!(page.headers["content-security-policy"].contains("sandbox"));
    for outside in ["../../jct.db", "..%2f..%2fjct.db", "/etc/passwd", "artifacts", "", "log.txt/", "nothing"] {
        app.get(&format!("/tasks/{id}/trace/{outside}")).await.problem("TRACE_NOT_FOUND");
    }
    app.get(&format!("/tasks/{id}/trace?attempt=2")).await.problem("TRACE_NOT_FOUND");
    app.get(&format!("/tasks/{id}/trace?attempt=0")).await.problem("INVALID_REQUEST");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_is_not_the_sealed_one_is_not_served() {
    let (app, root, folder) = with_traces().await;
    let id = app.enqueue(&task()).await;
    complete(&app, &root, &claim(&app).await).await;
    let log = folder.path().join(&id).join("attempt-1/log.txt");
    std::fs::write(&log, "something else").unwrap();
    app.get(&format!("/tasks/{id}/trace/log.txt")).await.problem("TRACE_ALTERED");
    let manifest = folder.path().join(&id).join("attempt-1/manifest.json");
    let text = std::fs::read_to_string(&manifest).unwrap();
    std::fs::write(&manifest, text.replace("worker-1", "worker-2")).unwrap();
    app.get(&format!("/tasks/{id}/trace")).await.problem("TRACE_ALTERED");
    app.get(&format!("/tasks/{id}/trace/log.txt")).await.problem("TRACE_ALTERED");
    std::fs::write(&manifest, "{").unwrap();
    let problem = app.get(&format!("/tasks/{id}/trace")).await.problem("TRACE_ALTERED");
    assert_eq!(problem["detail"], "the trace cannot be read as it was sealed");
    std::fs::remove_dir_all(folder.path().join(&id)).unwrap();
    app.get(&format!("/tasks/{id}/trace")).await.problem("TRACE_NOT_FOUND");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_ends_a_task_behind_its_worker() {
    let app = TestApp::new().await;
    let id = app.enqueue(&task()).await;
    let claimed = claim(&app).await;
    let path = format!("/tasks/{id}/status");
    for body in [json!({"status": "completed"}), json!({"status": "failed", "fence": claimed.lease.fence.to_string()})]
    {
        let answer = app.patch(&path, &body).await;
        assert_eq!((answer.status, &answer.problem("HELD_BY_WORKER")["held_by"]), (409, &"worker-1".into()));
    }
    app.patch(&path, &json!({"status": "running"})).await.problem("ILLEGAL_TRANSITION");
    let cancelled = app.call(Method::POST, &format!("/tasks/{id}/cancel"), &[], None).await;
    let body = cancelled.json();
    assert_eq!(
        (cancelled.status, &body["cancel_requested"], &body["task"]["status"]),
        (202, &true.into(), &"running".into())
    );
    assert!(body["task"]["lease"]["cancel_requested_at"].is_string());
    let explained = app.get(&format!("/tasks/{id}/explain")).await.json();
    assert_eq!((&explained["state"], &explained["holder"]["name"]), (&"running".into(), &"worker-1".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn output_and_end_of_the_work_reach_the_stream() {
    let (app, root, _folder) = with_traces().await;
    let id = app.enqueue(&task()).await;
    let claimed = claim(&app).await;
    let path = format!("/tasks/{id}/events");
    let work = async {
        let body = json!({"stream": "stdout", "line": "a\nb"}).to_string();
        let line = NewEvent { at: claimed.claimed_at, kind: EventKind::Log, body };
        app.store.record(claimed.lease, vec![line]).await.unwrap();
        complete(&app, &root, &claimed).await;
    };
    let (answer, ()) = tokio::join!(app.get(&path), work);
    let data = answer.text.lines().filter_map(|line| line.strip_prefix("data: "));
    let events: Vec<Value> = data.map(|data| serde_json::from_str(data).unwrap()).collect();
    let kinds: Vec<_> = events.iter().map(|event| event["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["status", "status", "log", "status"]);
    assert_eq!((&events[2]["body"]["line"], &events[2]["attempt"]), (&"a\nb".into(), &1.into()));
    assert_eq!(events[3]["body"]["status"], "completed");
    let ids: Vec<_> = events.iter().map(|event| event["seq"].as_u64().unwrap()).collect();
    assert_eq!(ids, [1, 2, 3, 4]);
}
