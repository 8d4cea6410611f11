//! A tower with files of jobs and a clock that moves when told, and workers in front of it.

use std::sync::Arc;
use std::time::Duration;

use actix_web::http::Method;
use jct_contract::{Clock, ManualClock, SystemClock};
use jct_lifecycle::RetryPolicy;
use jct_store::StoreOptions;
use jct_tower::TowerOptions;
use jct_tower::jobs::{ArtifactOptions, JobOptions};
use jct_trace::BlobRoot;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::HttpOptions;
use crate::tests::app::{Answer, TestApp, task};

/// Largest file of a job in these tests, in bytes.
pub(super) const MAX_BYTES: u64 = 1_000;
/// What all files of one job may have in these tests, in bytes.
pub(super) const QUOTA_BYTES: u64 = 2_500;

/// The tower under test.
pub(super) struct Bench {
    pub(super) app: TestApp,
    clock: Arc<ManualClock>,
    files: TempDir,
}

/// A worker over HTTP.
pub(super) struct Worker<'b> {
    app: &'b TestApp,
    pub(super) token: String,
}

impl Bench {
    pub(super) async fn new() -> Self {
        let files = tempfile::tempdir().unwrap();
        let clock = Arc::new(ManualClock::new(SystemClock.now()));
        let root = BlobRoot::open(files.path()).unwrap();
        let artifacts = Some(ArtifactOptions { root, max_bytes: MAX_BYTES, job_quota_bytes: QUOTA_BYTES });
        let jobs = JobOptions { artifacts, retry: RetryPolicy::default() };
        let tower = TowerOptions { jobs, clock: clock.clone(), ..TowerOptions::default() };
        let store = StoreOptions { clock: Some(clock.clone()), ..StoreOptions::default() };
        Self { app: TestApp::with_store(HttpOptions::default(), tower, store).await, clock, files }
    }

    /// Lets time pass, and the reaper look.
    pub(super) async fn wait(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
        self.app.store.reap(RetryPolicy::default(), 100, 0.5).await.unwrap();
    }

    /// A worker that can do this, with a token that leaves that to it.
    pub(super) async fn worker(&self, name: &str) -> Worker<'_> {
        Worker { app: &self.app, token: token(&self.app, json!({"workerId": name})).await }
    }

    pub(super) async fn worker_with(&self, limits: Value) -> Worker<'_> {
        Worker { app: &self.app, token: token(&self.app, limits).await }
    }

    /// Hands in a task that needs this capability; gives its id.
    pub(super) async fn job(&self, capability: &str) -> String {
        self.job_with(capability, json!({})).await
    }

    /// The same with more fields.
    pub(super) async fn job_with(&self, capability: &str, more: Value) -> String {
        let mut payload = task();
        payload["inputs"] = json!({"executor": capability});
        let mut body = json!({"type": "task", "payload": payload});
        merge(&mut body, &more);
        let answer = self.app.post("/api/queue/jobs", &body).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        answer.json()["id"].as_str().unwrap().to_owned()
    }

    pub(super) async fn get(&self, job: &str) -> Value {
        self.app.get(&format!("/api/queue/jobs/{job}")).await.json()
    }

    /// The events of a job as `level message`, but for the one that nobody was there when it was handed in.
    pub(super) async fn told(&self, job: &str) -> Vec<String> {
        let events = self.app.get(&format!("/api/queue/jobs/{job}/events")).await.json();
        let text =
            |event: &Value| format!("{} {}", event["level"].as_str().unwrap(), event["message"].as_str().unwrap());
        let told = events["items"].as_array().unwrap().iter().map(text);
        told.filter(|line| !line.starts_with("warn no worker that is there now")).collect()
    }

    pub(super) async fn cancel(&self, job: &str, reason: &str) -> Answer {
        self.app.post(&format!("/api/queue/jobs/{job}/cancel"), &json!({"reason": reason})).await
    }

    /// Every file that lies anywhere below the folder of artifacts.
    pub(super) fn files(&self) -> Vec<String> {
        fn walk(folder: &std::path::Path, found: &mut Vec<String>) {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() { walk(&path, found) } else { found.push(path.to_str().unwrap().to_owned()) }
            }
        }
        let mut found = Vec::new();
        walk(self.files.path(), &mut found);
        found
    }
}

impl Worker<'_> {
    pub(super) async fn post(&self, path: &str, body: &Value) -> Answer {
        let headers = [("x-jct-worker-token", self.token.as_str())];
        self.app.call(Method::POST, path, &headers, Some(body.to_string().as_bytes())).await
    }

    /// Sends any body.
    pub(super) async fn send(&self, path: &str, content_type: &str, body: &[u8]) -> Answer {
        let headers = [("x-jct-worker-token", self.token.as_str()), ("content-type", content_type)];
        self.app.call(Method::POST, path, &headers, Some(body)).await
    }

    pub(super) async fn ask(&self, body: &Value) -> Answer {
        self.post("/api/queue/jobs/claim", body).await
    }

    /// The job that a claim with this capability gives, if any.
    pub(super) async fn claim(&self, capability: &str) -> Option<Value> {
        let answer = self.ask(&json!({"workerCapabilities": [capability]})).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        Some(answer.json()["job"].clone()).filter(|job| !job.is_null())
    }

    /// A call about a job that the worker has.
    pub(super) async fn call(&self, job: &Value, what: &str, more: Value) -> Answer {
        let mut body = json!({"leaseId": job["lease"]["id"], "fence": job["lease"]["fence"]});
        merge(&mut body, &more);
        self.post(&format!("/api/queue/jobs/{}/{what}", job["id"].as_str().unwrap()), &body).await
    }

    /// Sends a file as the body.
    pub(super) async fn upload(&self, job: &Value, query: &str, content: &[u8]) -> Answer {
        self.send(&upload_path(job, query), "text/plain", content).await
    }
}

/// Where a file goes whose fields are in the query.
pub(super) fn upload_path(job: &Value, query: &str) -> String {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let (id, lease, fence) = (text(&job["id"]), text(&job["lease"]["id"]), text(&job["lease"]["fence"]));
    format!("/api/queue/jobs/{id}/artifacts/upload?leaseId={lease}&fence={fence}&{query}")
}

/// Makes a token as the operator and gives its secret.
pub(in crate::tests) async fn token(app: &TestApp, limits: Value) -> String {
    let headers = [("authorization", "Bearer operator-key")];
    let keyed = app.tower.authenticator().is_keyed().await.unwrap();
    let headers = if keyed { &headers[..] } else { &[] };
    let body = limits.to_string();
    let answer = app.call(Method::POST, "/api/queue/workers/tokens", headers, Some(body.as_bytes())).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    answer.json()["token"].as_str().unwrap().to_owned()
}

fn merge(body: &mut Value, more: &Value) {
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
}
