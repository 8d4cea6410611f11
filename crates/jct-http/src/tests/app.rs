//! The harness: a tower, a server in front of it, and named ways to call it.

use std::collections::BTreeMap;

use actix_web::dev::Service;
use actix_web::http::Method;
use actix_web::middleware::from_fn;
use actix_web::test::{TestRequest, init_service, read_body};
use actix_web::{App, body};
use jct_policy::PolicyConfig;
use jct_store::{DatabaseUrl, Store, StoreOptions};
use jct_tower::access::{Grant, KeyRequest, Scope};
use jct_tower::{Tower, TowerOptions};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::watch;

use crate::edge::edge;
use crate::routes::Closing;
use crate::server::Shared;
use crate::{AppState, HttpOptions};

/// The trace id that every call sends unless it says otherwise.
pub(super) const TRACE: &str = "test-trace";

pub(super) struct TestApp {
    pub(super) tower: Tower,
    pub(super) store: Store,
    shared: Shared,
    close: watch::Sender<bool>,
    folder: TempDir,
}

/// What came back.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: BTreeMap<String, String>,
    pub(super) text: String,
}

impl Answer {
    #[track_caller]
    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    /// Checks that this is a problem with that code, and gives its body.
    #[track_caller]
    pub(super) fn problem(&self, code: &str) -> Value {
        let body = self.json();
        assert_eq!(body["code"], code, "{body:#}");
        assert_eq!(body["status"], self.status, "{body:#}");
        assert_eq!(self.headers["content-type"], "application/problem+json");
        assert_eq!(body["trace_id"].as_str(), Some(self.headers["x-trace-id"].as_str()));
        assert_eq!(body["message"], body["detail"]);
        body
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }
}

impl TestApp {
    /// A tower without keys that allows `myorg/`.
    pub(super) async fn new() -> Self {
        Self::with(HttpOptions::default(), TowerOptions::default()).await
    }

    /// A tower whose operator has the key `operator-key`.
    pub(super) async fn keyed() -> Self {
        let operator_key = Some("operator-key".to_owned());
        Self::with(HttpOptions::default(), TowerOptions { operator_key, ..TowerOptions::default() }).await
    }

    pub(super) async fn with(options: HttpOptions, tower: TowerOptions) -> Self {
        Self::with_store(options, tower, StoreOptions::default()).await
    }

    pub(super) async fn with_store(options: HttpOptions, tower: TowerOptions, store: StoreOptions) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = DatabaseUrl::sqlite(folder.path().join("jct.db"));
        let store = Store::open(&url, store).await.unwrap();
        let policy = PolicyConfig::from_prefix_list("myorg/").unwrap();
        let tower = Tower::new(store.clone(), TowerOptions { policy, ..tower });
        let (close, closing) = watch::channel(false);
        let shared = Shared::new(options, AppState::new(tower.clone(), "0.0.0-test"), Closing(closing));
        Self { tower, store, shared, close, folder }
    }

    /// The same database under a policy that allows nothing.
    pub(super) fn with_stricter_policy(self) -> Self {
        let tower = Tower::new(self.store.clone(), TowerOptions::default());
        let (close, closing) = watch::channel(false);
        let shared = Shared::new(HttpOptions::default(), AppState::new(tower.clone(), "0.0.0-test"), Closing(closing));
        Self { tower, shared, close, ..self }
    }

    /// Tells everybody who waits that the server is going down.
    pub(super) fn close(&self) {
        self.close.send(true).unwrap();
    }

    pub(super) fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    pub(super) async fn get(&self, path: &str) -> Answer {
        self.call(Method::GET, path, &[], None).await
    }

    pub(super) async fn post(&self, path: &str, body: &Value) -> Answer {
        self.call(Method::POST, path, &[], Some(body.to_string().as_bytes())).await
    }

    pub(super) async fn patch(&self, path: &str, body: &Value) -> Answer {
        self.call(Method::PATCH, path, &[], Some(body.to_string().as_bytes())).await
    }

    /// Hands a task in and gives its id.
    pub(super) async fn enqueue(&self, task: &Value) -> String {
        let answer = self.post("/tasks/enqueue", task).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        answer.json()["task_id"].as_str().unwrap().to_owned()
    }

    /// Makes a key with these scopes and gives its secret.
    pub(super) async fn key(&self, name: &str, scopes: &[Scope]) -> String {
        let request = KeyRequest {
            name: name.to_owned(),
            kind: jct_contract::RequesterKind::Agent,
            scopes: scopes.to_vec(),
            expires_at: None,
        };
        self.tower.key_create(request, &Grant::operator()).await.unwrap().secret.reveal().to_owned()
    }

    /// Any request. A body is sent as JSON unless the headers say otherwise.
    pub(super) async fn call(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&[u8]>,
    ) -> Answer {
        let shared = self.shared.clone();
        let service =
            init_service(App::new().wrap(from_fn(edge)).configure(move |config| shared.register(config))).await;
        let mut request = TestRequest::with_uri(path).method(method);
        let says = |name: &str| headers.iter().any(|(header, _)| header.eq_ignore_ascii_case(name));
        if !says("x-trace-id") {
            request = request.insert_header(("x-trace-id", TRACE));
        }
        for (name, value) in headers {
            request = request.append_header((*name, *value));
        }
        if let Some(body) = body {
            if !says("content-type") {
                request = request.insert_header(("content-type", "application/json"));
            }
            request = request.set_payload(body.to_vec());
        }
        match service.call(request.to_request()).await {
            Ok(response) => {
                let (status, headers) = (response.status().as_u16(), named(response.headers()));
                let text = String::from_utf8_lossy(&read_body(response).await).into_owned();
                Answer { status, headers, text }
            }
            Err(error) => {
                let response = error.error_response();
                let (status, headers) = (response.status().as_u16(), named(response.headers()));
                let bytes = body::to_bytes(response.into_body()).await.unwrap();
                Answer { status, headers, text: String::from_utf8_lossy(&bytes).into_owned() }
            }
        }
    }
}

fn named(headers: &actix_web::http::header::HeaderMap) -> BTreeMap<String, String> {
    headers.iter().map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned())).collect()
}

/// The smallest task that is admitted.
pub(super) fn task() -> Value {
    json!({
        "requested_by": {"kind": "human", "id": "ana"},
        "objective": "Look at this repository",
        "operation": "analysis",
        "target": {"repo": "MyOrg/App.git"}
    })
}

/// The same with an idempotency key.
pub(super) fn task_with_key(key: &str) -> Value {
    let mut task = task();
    task["idempotency_key"] = key.into();
    task
}

/// Replaces what differs from run to run, for snapshots.
pub(super) fn stable(text: &str, id: &str) -> String {
    let mut out = text.replace(id, "<task>");
    while let Some(at) = out.find("20").filter(|_| out.contains("Z\"")) {
        let Some(start) = find_timestamp(&out, at) else { break };
        out.replace_range(start..start + 27, "<time>");
    }
    out
}

fn find_timestamp(text: &str, from: usize) -> Option<usize> {
    (from..text.len().saturating_sub(26))
        .find(|at| text.get(*at..*at + 27).is_some_and(|slice| slice.parse::<jct_contract::Timestamp>().is_ok()))
}
