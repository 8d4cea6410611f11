//! Keys over HTTP.

use actix_web::http::Method;
use serde_json::{Value, json};

use super::app::{Answer, TestApp};

async fn call(app: &TestApp, method: Method, path: &str, key: &str, body: Option<&Value>) -> Answer {
    let key = format!("Bearer {key}");
    let body = body.map(Value::to_string);
    app.call(method, path, &[("authorization", &key)], body.as_deref().map(str::as_bytes)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_made_used_and_revoked() {
    let app = TestApp::keyed().await;
    let body = json!({"name": "ci", "kind": "system", "scopes": ["tasks:read", "tasks:read"]});
    let made = call(&app, Method::POST, "/keys", "operator-key", Some(&body)).await;
    assert_eq!((made.status, made.header("cache-control")), (201, Some("no-store")));
    let made = made.json();
    let secret = made["key"].as_str().unwrap();
    assert_eq!(
        (&made["name"], &made["scopes"], &made["created_by"]),
        (&"ci".into(), &json!(["tasks:read"]), &"operator".into())
    );

    assert_eq!(call(&app, Method::GET, "/version", secret, None).await.status, 200);
    let list = call(&app, Method::GET, "/keys", "operator-key", None).await;
    assert!(!list.text.contains(secret), "the secret is shown once");
    assert_eq!(list.json()[0]["revoked_at"], Value::Null);

    call(&app, Method::POST, "/keys", "operator-key", Some(&body)).await.problem("KEY_NAME_TAKEN");
    let revoked = call(&app, Method::DELETE, "/keys/ci", "operator-key", None).await.json();
    assert!(revoked["revoked_at"].is_string());
    call(&app, Method::GET, "/version", secret, None).await.problem("UNAUTHORIZED");
    call(&app, Method::DELETE, "/keys/nobody", "operator-key", None).await.problem("KEY_NOT_FOUND");
    call(&app, Method::POST, "/keys", "operator-key", Some(&body)).await.problem("KEY_NAME_TAKEN");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_of_any_name_can_be_revoked() {
    let app = TestApp::keyed().await;
    for name in ["a/b", "100%", "a+b", "%2F", "é ?#", ".."] {
        app.key(name, &[jct_tower::access::Scope::TasksRead]).await;
        let encoded = percent_encoding::utf8_percent_encode(name, percent_encoding::NON_ALPHANUMERIC);
        let answer = call(&app, Method::DELETE, &format!("/keys/{encoded}"), "operator-key", None).await;
        assert_eq!(answer.json()["name"], name);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_grants_what_they_do_not_have_and_bad_requests_are_named() {
    let app = TestApp::keyed().await;
    let manager = app.key("manager", &[jct_tower::access::Scope::KeysManage]).await;
    let body = json!({"name": "x", "kind": "agent", "scopes": ["keys:manage", "tasks:write"]});
    let problem = call(&app, Method::POST, "/keys", &manager, Some(&body)).await.problem("FORBIDDEN");
    assert_eq!(problem["required_scope"], "tasks:write");
    for (body, pointer) in [
        (json!({"kind": "agent", "scopes": ["tasks:read"]}), "/name"),
        (json!({"name": "operator", "kind": "agent", "scopes": ["tasks:read"]}), "/name"),
        (json!({"name": "a\nb", "kind": "agent", "scopes": ["tasks:read"]}), "/name"),
        (json!({"name": " ", "kind": "agent", "scopes": ["tasks:read"]}), "/name"),
        (json!({"name": "external:ci", "kind": "agent", "scopes": ["tasks:read"]}), "/name"),
        (json!({"name": "worker:ci", "kind": "agent", "scopes": ["tasks:read"]}), "/name"),
        (json!({"name": "x", "kind": "robot", "scopes": ["tasks:read"]}), "/kind"),
        (json!({"name": "x", "kind": "agent", "scopes": []}), "/scopes"),
        (json!({"name": "x", "kind": "agent", "scopes": ["tasks:all"]}), "/scopes/0"),
        (
            json!({"name": "x", "kind": "agent", "scopes": ["tasks:read"], "expires_at": "2020-01-01T00:00:00Z"}),
            "/expires_at",
        ),
        (json!({"name": "x", "kind": "agent", "scopes": ["tasks:read"], "key": "mine"}), "/key"),
    ] {
        let problem = call(&app, Method::POST, "/keys", "operator-key", Some(&body)).await.problem("INVALID_REQUEST");
        assert_eq!(problem["violations"][0]["pointer"], pointer, "{body}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_key_closes_an_open_tower() {
    let app = TestApp::new().await;
    assert_eq!(app.get("/tasks").await.status, 200);
    let body = json!({"name": "first", "kind": "human", "scopes": ["keys:manage"]});
    assert_eq!(app.post("/keys", &body).await.status, 201);
    app.get("/tasks").await.problem("UNAUTHORIZED");
}
