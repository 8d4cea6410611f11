//! What was done to the registry is in the audit log, with the caller as its author.

use actix_web::http::Method;
use jct_tower::access::Scope;
use serde_json::{Value, json};

use super::support::{path, put_with, small};
use crate::tests::app::TestApp;

#[tokio::test(flavor = "multi_thread")]
async fn changes_are_told_with_their_author_and_reading_is_not() {
    let app = TestApp::keyed().await;
    let key = app.key("ana", &[Scope::ManifestsRead, Scope::ManifestsWrite]).await;
    let bearer = format!("Bearer {key}");
    let call = async |method: Method, content: Option<&str>| {
        let headers = [("authorization", bearer.as_str()), ("content-type", "application/yaml")];
        app.call(method, &path("told"), &headers, content.map(str::as_bytes)).await.status
    };
    assert_eq!(call(Method::PUT, Some(&small("told", "one"))).await, 201);
    assert_eq!(call(Method::PUT, Some(&small("told", "one"))).await, 200);
    assert_eq!(call(Method::GET, None).await, 200);
    assert_eq!(call(Method::PUT, Some(&small("told", "two"))).await, 200);
    assert_eq!(call(Method::PUT, Some("version: v1")).await, 422);
    assert_eq!(call(Method::DELETE, None).await, 204);
    let operator = [("authorization", "Bearer operator-key")];
    let entries = app.call(Method::GET, "/audit?entity_kind=manifest", &operator, None).await;
    assert_eq!(entries.status, 200, "{}", entries.text);
    let entries = entries.json();
    let entries = entries.as_array().unwrap();
    assert_eq!(entries.len(), 3, "created, changed, deleted: {entries:#?}");
    assert!(entries.iter().all(|entry| entry.to_string().contains("ana")), "{entries:#?}");
    assert!(entries.iter().all(|entry| !entry.to_string().contains("inputDir")), "the log has hashes, not texts");
}

/// The entries about one thing, each as its action and its author.
async fn entries(app: &TestApp, kind: &str, id: &str) -> Vec<(String, String)> {
    let operator = [("authorization", "Bearer operator-key")];
    let answer = app.call(Method::GET, &format!("/audit/{kind}/{id}"), &operator, None).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let text = |entry: &Value, name: &str| entry[name].as_str().unwrap().to_owned();
    let listed = answer.json();
    let told = listed.as_array().unwrap().iter().map(|entry| (text(entry, "action"), text(entry, "actor_id")));
    told.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_and_a_token_are_told_with_whoever_asked_for_them() {
    let app = TestApp::keyed().await;
    let ana = format!("Bearer {}", app.key("ana", &[Scope::ManifestsWrite]).await);
    let tim = format!("Bearer {}", app.key("tim", &[Scope::WorkersManage]).await);
    let post = async |bearer: &str, path: &str, body: &Value| {
        let body = body.to_string();
        let answer = app.call(Method::POST, path, &[("authorization", bearer)], Some(body.as_bytes())).await;
        assert!(matches!(answer.status, 200 | 201), "{path}: {}", answer.text);
        answer.json()
    };
    let told = |entries: &[(&str, &str)]| -> Vec<(String, String)> {
        entries.iter().map(|(action, actor)| ((*action).to_owned(), (*actor).to_owned())).collect()
    };
    let bearer = [("authorization", ana.as_str())];
    assert_eq!(put_with(&app, "told", &small("told", "one"), &bearer).await.status, 201);
    let run = post(&ana, "/api/manifests/told/runs", &json!({})).await;
    let job = run["jobId"].as_str().unwrap();
    assert_eq!(entries(&app, "task", job).await, told(&[("created", "ana")]));
    assert_eq!(entries(&app, "manifest", "told").await, told(&[("created", "ana")]), "a run changes no manifest");

    let made = post(&tim, "/api/queue/workers/tokens", &json!({"workerId": "ingest-1"})).await;
    let token = made["workerToken"]["id"].as_str().unwrap();
    assert_eq!(entries(&app, "worker_token", token).await, told(&[("created", "tim")]));
    let revoke = format!("/api/queue/workers/tokens/{token}/revoke");
    for _ in 0..2 {
        post(&tim, &revoke, &json!({})).await;
    }
    let both = entries(&app, "worker_token", token).await;
    assert_eq!(both.len(), 2, "revoking again changes nothing: {both:?}");
    assert!(both.iter().all(|(_, actor)| actor == "tim"), "{both:?}");
    let operator = [("authorization", "Bearer operator-key")];
    let log = app.call(Method::GET, "/audit?limit=100", &operator, None).await.text;
    assert!(!log.contains(made["token"].as_str().unwrap()), "the log never has the token");
}
