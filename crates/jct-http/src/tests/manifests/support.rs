//! A tower with a registry, the sample manifest, and a worker over HTTP that can run it.

use actix_web::http::Method;
use serde_json::{Value, json};

use crate::tests::app::{Answer, TestApp};

/// The sample that the golden vectors are of: 512 bytes with line feeds and a last one.
pub(super) const SAMPLE: &str = r#"version: "v0"
metadata:
  name: harbor-notes
embeddings:
  provider: ollama
  model: tiny-embed
vectorStore:
  type: qdrant
  indexName: harbor
  connection:
    host: "${QDRANT_HOST}"
dataSources:
  - id: wiki
    type: ConfluenceReader
    auth:
      token: "profile://Confluence#API-Token"
  - id: disk
    type: simpledirectoryreader
    params:
      inputDir: ./notes
  - id: drive
    type: GoogleDriveReader
    auth:
      token: "vault://kv/harbor/drive#sa_json"
run:
  concurrency: 2
  dryRun: false
"#;

/// Its hash.
pub(super) const HASH: &str = "sha256:1cbffc7a84d9d15f0f6e6b79f0cc1b9e83cdfecced6e2bcc6fc0897be2c49a2f";

/// What a worker needs for it, in the order in which that is derived.
pub(super) const CAPABILITIES: [&str; 7] =
    ["manifest", "embeddings", "ollama", "qdrant", "confluence", "local_fs", "gdrive"];

/// A small manifest of that name; `note` makes its bytes differ.
pub(super) fn small(name: &str, note: &str) -> String {
    format!(
        "version: v0\nmetadata:\n  name: {name}\n  description: {note}\nembeddings:\n  provider: openai\n  model: m\n\
         vectorStore:\n  type: qdrant\n  indexName: i\ndataSources:\n  - id: disk\n    type: SimpleDirectoryReader\n    \
         params:\n      inputDir: notes\n"
    )
}

pub(super) fn path(name: &str) -> String {
    format!("/api/manifests/{name}")
}

/// Puts a manifest as YAML.
pub(super) async fn put(app: &TestApp, name: &str, content: &str) -> Answer {
    put_with(app, name, content, &[]).await
}

/// Puts a manifest as YAML with more headers.
pub(super) async fn put_with(app: &TestApp, name: &str, content: &str, more: &[(&str, &str)]) -> Answer {
    let mut headers = vec![("content-type", "application/yaml")];
    headers.extend_from_slice(more);
    app.call(Method::PUT, &path(name), &headers, Some(content.as_bytes())).await
}

pub(super) async fn delete(app: &TestApp, name: &str) -> Answer {
    app.call(Method::DELETE, &path(name), &[], None).await
}

/// Runs a manifest with this body.
pub(super) async fn run(app: &TestApp, name: &str, body: &Value) -> Answer {
    app.post(&format!("{}/runs", path(name)), body).await
}

/// Hands in a manifest job with this source and these options.
pub(super) async fn submit(app: &TestApp, name: &str, source: &Value, options: &Value) -> Answer {
    let payload = json!({"manifest": {"name": name, "source": source, "options": options}});
    app.post("/api/queue/jobs", &json!({"type": "manifest", "payload": payload})).await
}

/// Codes and paths of everything that is wrong with a manifest.
#[track_caller]
pub(super) fn violations(problem: &Value) -> Vec<(String, String)> {
    let all = problem["violations"].as_array().unwrap_or_else(|| panic!("{problem:#}"));
    let text = |violation: &Value, name: &str| violation[name].as_str().unwrap().to_owned();
    all.iter().map(|violation| (text(violation, "code"), text(violation, "path"))).collect()
}

/// A worker over HTTP that has everything.
pub(super) struct Worker<'a> {
    app: &'a TestApp,
    token: String,
}

impl<'a> Worker<'a> {
    pub(super) async fn new(app: &'a TestApp) -> Self {
        let made = app.post("/api/queue/workers/tokens", &json!({"workerId": "ingest-1"})).await;
        assert_eq!(made.status, 201, "{}", made.text);
        Self { app, token: made.json()["token"].as_str().unwrap().to_owned() }
    }

    /// Asks for a job that needs no more than these; `null` if there is none.
    pub(super) async fn claim(&self, capabilities: &[&str]) -> Value {
        let answer = self.call("/api/queue/jobs/claim", &json!({"workerCapabilities": capabilities})).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.json()["job"].clone()
    }

    /// Says something about the claimed job.
    pub(super) async fn report(&self, job: &Value, what: &str, mut body: Value) -> Answer {
        body["leaseId"] = job["lease"]["id"].clone();
        body["fence"] = job["lease"]["fence"].clone();
        self.call(&format!("/api/queue/jobs/{}/{what}", job["id"].as_str().unwrap()), &body).await
    }

    async fn call(&self, path: &str, body: &Value) -> Answer {
        let bearer = format!("Bearer {}", self.token);
        let headers = [("authorization", bearer.as_str())];
        self.app.call(Method::POST, path, &headers, Some(body.to_string().as_bytes())).await
    }
}
