//! Defining workflows and finding them again; who may.

use actix_web::http::Method;
use jct_tower::access::Scope;
use serde_json::json;

use super::support::{NIGHTLY, define, definition, send_yaml, step, text, violation, with_parallel};
use crate::tests::app::{Answer, TestApp};
use crate::tests::hostile::harmless;

#[tokio::test(flavor = "multi_thread")]
async fn a_workflow_is_defined_once_and_found_by_id_and_name() {
    let app = TestApp::new().await;
    let made = app.post("/workflows", &definition("release")).await;
    let workflow = made.json();
    let path = format!("/workflows/{}", text(&workflow, "id"));
    assert_eq!((made.status, made.header("location")), (201, Some(path.as_str())));
    let tag = format!("\"{}\"", workflow["revision"]);
    assert_eq!(made.header("etag"), Some(tag.as_str()));
    for (name, expect) in [
        ("name", json!("release")),
        ("description", json!("")),
        ("version", json!(1)),
        ("is_active", json!(true)),
        ("status", json!("idle")),
        ("trigger_events", json!([])),
        ("trigger_condition", json!(null)),
        ("max_parallel", json!(10)),
        ("timeout_seconds", json!(3600)),
        ("steps", definition("release")["steps"].clone()),
        ("owner", json!("operator")),
        ("updated_by", json!("operator")),
        ("execution_count", json!(0)),
        ("last_executed_at", json!(null)),
        ("last_result", json!(null)),
        ("last_error", json!(null)),
        ("last_run", json!(null)),
    ] {
        assert_eq!(workflow[name], expect, "{name}");
    }
    assert!(text(&workflow, "digest").starts_with("sha256:"));
    for path in [path.as_str(), "/workflows/release"] {
        let found = app.get(path).await;
        assert_eq!((found.status, found.header("etag"), found.json()), (200, Some(tag.as_str()), workflow.clone()));
    }

    let again = app.post("/workflows", &definition("release")).await;
    assert_eq!((again.status, again.header("location"), again.json()), (200, None, workflow.clone()));
    let other = app.post("/workflows", &with_parallel("release", 2)).await.problem("WORKFLOW_NAME_TAKEN");
    assert_eq!((&other["status"], &other["workflow_id"]), (&409.into(), &workflow["id"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn yaml_is_the_same_definition() {
    let app = TestApp::new().await;
    let made = send_yaml(&app, Method::POST, "/workflows", NIGHTLY).await;
    assert_eq!((made.status, &made.json()["is_active"]), (201, &false.into()), "{}", made.text);
    for content_type in ["text/yaml", "application/x-yaml; charset=utf-8"] {
        let headers = [("content-type", content_type)];
        let again = app.call(Method::POST, "/workflows", &headers, Some(NIGHTLY.as_bytes())).await;
        assert_eq!((again.status, again.json()), (200, made.json()));
    }
    let task = json!({
        "objective": "Build it all", "operation": "ops", "target": {"repo": "myorg/app"},
        "inputs": {"command": ["true"]}
    });
    let same = json!({"name": "nightly", "active": false, "steps": [{"id": "build", "task": task}]});
    assert_eq!(app.post("/workflows", &same).await.status, 200);
    let plain = app.call(Method::POST, "/workflows", &[("content-type", "text/plain")], Some(NIGHTLY.as_bytes())).await;
    assert_eq!((plain.status, &plain.problem("UNSUPPORTED_MEDIA_TYPE")["status"]), (415, &415.into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_workflow_is_refused_with_every_place() {
    let app = TestApp::new().await;
    let coloured = json!({"name": "x", "colour": 1, "steps": [step("a", &[])]});
    for (body, expect) in [
        (json!({}), ("/name", "REQUIRED")),
        (json!([]), ("", "WRONG_TYPE")),
        (coloured, ("/colour", "UNKNOWN_FIELD")),
        (json!({"name": "x", "steps": [step("a", &["b"])]}), ("/steps/0/dependencies/0", "DEPENDENCY_UNKNOWN")),
        (
            json!({"name": "x", "steps": [step("a", &["b"]), step("b", &["a"])]}),
            ("/steps/0/dependencies", "DEPENDENCY_CYCLE"),
        ),
        (json!({"name": "x".repeat(1 << 20)}), ("", "TOO_LARGE")),
    ] {
        let answer = app.post("/workflows", &body).await;
        assert_eq!((answer.status, violation(&answer.problem("INVALID_WORKFLOW"))), (422, expect));
    }
    let all = app.post("/workflows", &json!({"colour": 1})).await.problem("INVALID_WORKFLOW");
    assert_eq!(all["violations"].as_array().map(Vec::len), Some(3), "{all:#}");
    let malformed = app.call(Method::POST, "/workflows", &[], Some(b"{\n\"name\"}")).await;
    assert_eq!((malformed.status, &malformed.problem("MALFORMED_JSON")["line"]), (400, &2.into()));

    let bomb = "a: &a [x,x,x]\nb: [*a,*a,*a]\n";
    let deep = format!("a: {}{}\n", "[".repeat(5_000), "]".repeat(5_000));
    let twice = format!("{NIGHTLY}---\n{NIGHTLY}");
    for bad in ["name: [", "a: !x 1", "a: 1\na: 2", bomb, &deep, &twice] {
        let answer = send_yaml(&app, Method::POST, "/workflows", bad).await;
        harmless(&app, bad, &answer);
        assert_eq!((answer.status, answer.problem("MALFORMED_JSON")["line"].is_u64()), (400, true), "{bad}");
    }
    for wrong in ["just text", "- a\n- b\n", "name: nightly\n"] {
        send_yaml(&app, Method::POST, "/workflows", wrong).await.problem("INVALID_WORKFLOW");
    }
    assert_eq!(app.get("/workflows?active_only=false").await.json(), json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_goes_by_name_and_shows_what_events_start() {
    let app = TestApp::new().await;
    for (name, active) in [("c", true), ("a", true), ("b", false)] {
        let mut definition = definition(name);
        definition["active"] = active.into();
        definition["trigger"] = json!({"event_types": ["ci.*"], "condition": " event.priority == 'high' "});
        define(&app, &definition).await;
    }
    let names = |answer: &Answer| -> String {
        answer.json().as_array().unwrap().iter().map(|one| text(one, "name")).collect::<Vec<_>>().join(" ")
    };
    let active = app.get("/workflows").await;
    assert_eq!((names(&active).as_str(), active.header("x-next-cursor")), ("a c", None));
    let all = active.json();
    let trigger = (&all[0]["trigger_events"], &all[0]["trigger_condition"]);
    assert_eq!(trigger, (&json!(["ci.*"]), &"event.priority == 'high'".into()));
    let page = app.get("/workflows?active_only=false&limit=2").await;
    assert_eq!((names(&page).as_str(), page.header("x-next-cursor")), ("a b", Some("n1b")));
    assert_eq!(page.header("link"), Some("</workflows?active_only=false&limit=2&cursor=n1b>; rel=\"next\""));
    let rest = app.get("/workflows?active_only=false&limit=2&cursor=n1b").await;
    assert_eq!((names(&rest).as_str(), rest.header("x-next-cursor")), ("c", None));
    for bad in ["active_only=yes", "limit=0", "limit=501", "cursor=b", "cursor=n1B", "offset=1"] {
        app.get(&format!("/workflows?{bad}")).await.problem("INVALID_REQUEST");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_read_may_not_write_and_runs_belong_to_who_starts_them() {
    let app = TestApp::keyed().await;
    let reader = format!("Bearer {}", app.key("reader", &[Scope::WorkflowsRead]).await);
    let writer = format!("Bearer {}", app.key("writer", &[Scope::WorkflowsWrite]).await);
    let body = definition("release").to_string();
    let call = async |method: Method, path: &str, key: &str, body: Option<&str>| {
        app.call(method, path, &[("authorization", key)], body.map(str::as_bytes)).await
    };
    let refused = call(Method::POST, "/workflows", &reader, Some(&body)).await.problem("FORBIDDEN");
    assert_eq!(refused["required_scope"], "workflows:write");
    let made = call(Method::POST, "/workflows", &writer, Some(&body)).await;
    assert_eq!((made.status, &made.json()["owner"]), (201, &"writer".into()), "{}", made.text);
    let runs = "/workflows/release/runs";
    call(Method::POST, runs, &reader, None).await.problem("FORBIDDEN");
    let run = call(Method::POST, runs, &writer, None).await.json();
    assert_eq!(run["started_by"], "writer");
    call(Method::PATCH, "/workflows/release", &reader, Some("{}")).await.problem("FORBIDDEN");
    let path = format!("{runs}/{}", text(&run, "id"));
    for path in ["/workflows", "/workflows/release", "/workflows/release/versions/1", runs, &path] {
        assert_eq!(call(Method::GET, path, &reader, None).await.status, 200, "{path}");
        call(Method::GET, path, &writer, None).await.problem("FORBIDDEN");
    }
}
