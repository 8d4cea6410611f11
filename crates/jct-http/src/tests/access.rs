//! Who may do what, checked for every operation of the OpenAPI document.

use std::collections::BTreeSet;

use actix_web::http::Method;
use jct_tower::access::Scope;
use serde_json::Value;

use super::app::TestApp;
use crate::{HttpOptions, openapi_json};

/// Everything that is served to everybody. Static pages below `/docs` are not operations.
const OPEN: [&str; 2] = ["GET /health", "GET /healthz"];

struct Operation {
    method: Method,
    path: String,
    scopes: Vec<String>,
    /// Whether it is for workers with a token.
    for_workers: bool,
}

fn operations() -> Vec<Operation> {
    let document = openapi_json(&HttpOptions::default(), "0");
    let mut found = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let security = operation["security"].as_array().cloned().unwrap_or_default();
            let scopes = security.iter().flat_map(|one| one["bearer"].as_array().cloned().unwrap_or_default());
            let scopes = scopes.map(|scope| scope.as_str().unwrap().to_owned()).collect();
            let method = method.to_uppercase().parse().unwrap();
            let for_workers = security.iter().any(|one| one["worker"].is_array());
            found.push(Operation { method, path: path.clone(), scopes, for_workers });
        }
    }
    found
}

fn concrete(path: &str) -> String {
    path.replace("{id}", "018f0000-0000-7000-8000-000000000000")
        .replace("{job_id}", "018f0000-0000-7000-8000-000000000000")
        .replace("{artifact_id}", "018f0000-0000-7000-8000-000000000000")
        .replace("{delivery_id}", "018f0000-0000-7000-8000-000000000000")
        .replace("{token_id}", "018f0000-0000-7000-8000-000000000000")
        .replace("{task_id}", "018f0000-0000-7000-8000-000000000000")
        .replace("{entity_kind}", "task")
        .replace("{entity_id}", "018f0000-0000-7000-8000-000000000000")
        .replace("{run}", "018f0000-0000-7000-8000-000000000000")
        .replace("{version}", "1")
        .replace("{file}", "log.txt")
        .replace("{name}", "nobody")
}

#[test]
fn every_operation_names_a_scope_or_is_for_workers_or_is_listed_as_open() {
    let open: BTreeSet<_> = operations()
        .into_iter()
        .filter(|operation| operation.scopes.is_empty() && !operation.for_workers)
        .map(|operation| format!("{} {}", operation.method, operation.path))
        .collect();
    assert_eq!(open, OPEN.map(str::to_owned).into());
    for operation in operations() {
        for scope in &operation.scopes {
            assert!(scope.parse::<Scope>().is_ok(), "{scope}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_server_asks_for_exactly_the_scopes_of_the_document() {
    let app = TestApp::keyed().await;
    let scoped = operations().into_iter().filter(|operation| !operation.scopes.is_empty());
    for Operation { method, path, scopes, .. } in scoped {
        let path = concrete(&path);
        let answer = app.call(method.clone(), &path, &[], None).await;
        answer.problem("UNAUTHORIZED");
        assert_eq!((answer.status, answer.header("www-authenticate")), (401, Some("Bearer")), "{method} {path}");

        let named: Vec<Scope> = scopes.iter().map(|scope| scope.parse().unwrap()).collect();
        let others: Vec<_> = Scope::ALL.into_iter().filter(|scope| !named.contains(scope)).collect();
        let name = format!("without {method} {path}");
        let key = format!("Bearer {}", app.key(&name, &others).await);
        let answer = app.call(method.clone(), &path, &[("authorization", &key)], None).await;
        assert_eq!(answer.problem("FORBIDDEN")["required_scope"], scopes.join(" "), "{method} {path}");

        let name = format!("with {method} {path}");
        let key = format!("Bearer {}", app.key(&name, &named).await);
        let answer = app.call(method.clone(), &path, &[("authorization", &key)], None).await;
        assert!(!matches!(answer.status, 401 | 403), "{method} {path}: {}", answer.text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_for_workers_takes_their_tokens_and_nothing_else() {
    let app = TestApp::keyed().await;
    let token = super::jobs::token(&app, serde_json::json!({"workerId": "w"})).await;
    let for_workers: Vec<_> = operations().into_iter().filter(|operation| operation.for_workers).collect();
    assert_eq!(for_workers.len(), 8);
    for Operation { method, path, .. } in for_workers {
        let path = concrete(&path);
        let unknown = format!("jctw_{}", "0".repeat(64));
        for other in ["operator-key", "", "jctw_", &unknown, &token[1..]] {
            let key = format!("Bearer {other}");
            for headers in [&[][..], &[("authorization", key.as_str())], &[("x-jct-worker-token", other)]] {
                let answer = app.call(method.clone(), &path, headers, None).await;
                answer.problem("WORKER_TOKEN_INVALID");
                assert_eq!(
                    (answer.status, answer.header("www-authenticate")),
                    (401, Some("Bearer")),
                    "{method} {path}"
                );
            }
        }
        let key = format!("Bearer {token}");
        for headers in [("authorization", key.as_str()), ("x-jct-worker-token", &token)] {
            let answer = app.call(method.clone(), &path, &[headers], None).await;
            assert!(!matches!(answer.status, 401 | 403) && answer.status < 500, "{method} {path}: {}", answer.text);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_token_is_no_key() {
    let app = TestApp::keyed().await;
    let token = format!("Bearer {}", super::jobs::token(&app, serde_json::json!({"workerId": "w"})).await);
    for Operation { method, path, .. } in operations().into_iter().filter(|operation| !operation.scopes.is_empty()) {
        let answer = app.call(method, &concrete(&path), &[("authorization", &token)], None).await;
        answer.problem("UNAUTHORIZED");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_path_refuses_other_methods_and_lists_its_own() {
    let app = TestApp::new().await;
    let mut paths: std::collections::BTreeMap<String, BTreeSet<String>> = std::collections::BTreeMap::new();
    for operation in operations() {
        let methods = paths.entry(operation.path).or_default();
        methods.insert(operation.method.to_string());
        if operation.method == Method::GET {
            methods.insert("HEAD".to_owned());
        }
    }
    for (path, methods) in paths {
        for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "BREW"] {
            let answer = app.call(method.parse().unwrap(), &concrete(&path), &[], None).await;
            if methods.contains(method) {
                assert_ne!(answer.status, 405, "{method} {path}");
            } else {
                let allow: BTreeSet<_> = answer.headers["allow"].split(", ").map(str::to_owned).collect();
                assert_eq!((answer.status, &allow), (405, &methods), "{method} {path}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_of_every_spelling_but_one_are_refused() {
    let app = TestApp::keyed().await;
    let status = |header: &'static str| {
        let app = &app;
        async move { app.call(Method::GET, "/version", &[("authorization", header)], None).await.status }
    };
    assert_eq!(status("Bearer operator-key").await, 200);
    assert_eq!(status("bearer operator-key").await, 200);
    for bad in ["Bearer operator-key2", "Bearer operator-ke", "Basic operator-key", "operator-key", "Bearer", ""] {
        assert_eq!(status(bad).await, 401, "{bad}");
    }
    let twice = [("authorization", "Bearer operator-key"), ("authorization", "Bearer operator-key")];
    assert_eq!(app.call(Method::GET, "/version", &twice, None).await.status, 401);
    assert_eq!(app.get("/version?api_key=operator-key").await.status, 401);
    for open in ["/health", "/healthz", "/docs/", "/docs/index.html", "/docs/errors/FORBIDDEN"] {
        assert_eq!(app.get(open).await.status, 200, "{open}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_policy_allows_is_shown_only_with_its_scope() {
    let app = TestApp::keyed().await;
    let mut task = super::app::task();
    task["target"]["repo"] = "evil/x".into();
    let body = task.to_string();
    let refused = |key: String| {
        let (app, body) = (&app, &body);
        async move {
            let headers = [("authorization", key.as_str())];
            app.call(Method::POST, "/tasks/enqueue", &headers, Some(body.as_bytes())).await.problem("REPO_NOT_ALLOWED")
        }
    };
    let writer = format!("Bearer {}", app.key("writer", &[Scope::TasksWrite]).await);
    assert_eq!(refused(writer).await["allowed_prefixes"], Value::Null);
    assert_eq!(refused("Bearer operator-key".to_owned()).await["allowed_prefixes"], serde_json::json!(["myorg/"]));
}
