//! Runs of workflows: started, looked at, called off.

use actix_web::http::Method;
use serde_json::{Value, json};

use super::support::{NOBODY, define, definition, start, text, violation, with_parallel};
use crate::tests::app::{TRACE, TestApp};

#[tokio::test(flavor = "multi_thread")]
async fn a_run_is_started_by_hand_and_shows_its_graph() {
    let app = TestApp::new().await;
    let workflow = define(&app, &definition("release")).await;
    let started = start(&app, "release").await;
    let run = started.json();
    let path = format!("/workflows/{}/runs/{}", text(&workflow, "id"), text(&run, "id"));
    assert_eq!((started.status, started.header("location")), (201, Some(path.as_str())));
    for (name, expect) in [
        ("workflow_id", workflow["id"].clone()),
        ("version", json!(1)),
        ("status", json!("running")),
        ("event_id", json!(null)),
        ("forked_from", json!(null)),
        ("started_by", json!("operator")),
        ("trace_id", json!(TRACE)),
        ("finished_at", json!(null)),
        ("result", json!(null)),
        ("error", json!(null)),
        ("cancel_requested_at", json!(null)),
        ("cancel_requested_by", json!(null)),
    ] {
        assert_eq!(run[name], expect, "{name}");
    }
    assert!(text(&run, "deadline_at") > text(&run, "created_at"));

    let view = app.get(&path).await.json();
    for (name, value) in run.as_object().unwrap() {
        assert_eq!(&view[name], value, "{name}");
    }
    assert_eq!((&view["workflow"], &view["event"]), (&"release".into(), &json!(null)));
    let graph = json!([
        {"id": "build", "name": "build", "dependencies": [], "status": "ready", "kept": false, "detail": null,
         "attempts": []},
        {"id": "ship", "name": "ship", "dependencies": ["build"], "status": "waiting", "kept": false, "detail": null,
         "attempts": []}
    ]);
    assert_eq!(view["steps"], graph);

    let after = app.get("/workflows/release").await;
    assert_eq!(after.header("etag"), Some(format!("\"{}\"", workflow["revision"]).as_str()), "runs do not touch it");
    let after = after.json();
    assert_eq!((&after["status"], &after["execution_count"]), (&"running".into(), &1.into()));
    assert_eq!((&after["last_run"], &after["last_executed_at"]), (&run, &run["created_at"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_may_be_handed_along_and_runs_are_listed() {
    let app = TestApp::new().await;
    let mut inactive = definition("release");
    inactive["active"] = false.into();
    define(&app, &inactive).await;
    let runs = "/workflows/release/runs";
    let event =
        json!({"type": "monitoring.service_down", "source": "uptime", "priority": "high", "data": {"host": "a"}});
    let started = app.post(runs, &json!({"event": event})).await;
    assert_eq!(started.status, 201, "{}", started.text);
    let view = app.get(started.header("location").unwrap()).await.json();
    for name in ["type", "source", "priority", "data"] {
        assert_eq!(view["event"][name], event[name], "{name}");
    }
    assert_eq!(app.get("/events?source=uptime").await.json(), json!([]), "it is not kept as an event");
    for (body, code, expect) in [
        (json!({"event": {"source": "x"}}), "INVALID_EVENT", ("/event/type", "REQUIRED")),
        (json!({"event": 7}), "INVALID_EVENT", ("/event", "WRONG_TYPE")),
        (json!({"evnt": {}}), "INVALID_REQUEST", ("/evnt", "UNKNOWN_FIELD")),
    ] {
        let answer = app.post(runs, &body).await;
        assert_eq!((answer.status, violation(&answer.problem(code))), (422, expect), "{body}");
    }
    for body in [json!({}), json!({"event": null})] {
        assert_eq!(app.post(runs, &body).await.status, 201, "{body}");
    }
    let page = app.get(&format!("{runs}?limit=2")).await;
    assert_eq!(page.json().as_array().map(Vec::len), Some(2));
    let next = page.header("x-next-cursor").unwrap().to_owned();
    let last = app.get(&format!("{runs}?cursor={next}")).await;
    assert_eq!((last.json(), last.header("x-next-cursor")), (json!([started.json()]), None));
}

#[tokio::test(flavor = "multi_thread")]
async fn asking_again_under_a_key_starts_nothing() {
    let app = TestApp::new().await;
    define(&app, &definition("release")).await;
    define(&app, &definition("other")).await;
    let runs = "/workflows/release/runs";
    let event = |host: &str| json!({"type": "monitoring.service_down", "source": "uptime", "data": {"host": host}});
    let asked = json!({"idempotency_key": "k", "event": event("a")});
    let first = app.post(runs, &asked).await;
    assert_eq!((first.status, first.header("idempotent-replayed")), (201, None), "{}", first.text);
    let run = first.json();

    // The version in force counts for runs that are started, not for one that is there.
    let newer = app.patch("/workflows/release", &json!({"definition": with_parallel("release", 2)})).await;
    assert_eq!(newer.json()["version"], 2);
    let again = app.post(runs, &asked).await;
    assert_eq!((again.status, again.header("idempotent-replayed")), (200, Some("true")), "{}", again.text);
    assert_eq!((again.json(), again.header("location")), (run.clone(), first.header("location")));
    let bare = json!({"idempotency_key": "k"});
    for body in [&json!({"idempotency_key": "k", "event": event("b")}), &bare] {
        let answer = app.post(runs, body).await;
        let problem = answer.problem("IDEMPOTENCY_KEY_REUSED");
        assert_eq!((answer.status, &problem["run_id"]), (409, &run["id"]), "{body}");
    }
    assert_eq!(app.get(runs).await.json(), json!([run]));

    // Without an event it is the same however that is said, and in another workflow the key is free.
    let other = "/workflows/other/runs";
    assert_eq!(app.post(other, &bare).await.status, 201);
    assert_eq!(app.post(other, &json!({"idempotency_key": "k", "event": null})).await.status, 200);
    assert_eq!(app.post(other, &json!({"idempotency_key": null})).await.status, 201);

    // The header says the same as the field.
    let with_header = async |key: &str, body: &Value| {
        app.call(Method::POST, other, &[("Idempotency-Key", key)], Some(body.to_string().as_bytes())).await
    };
    assert_eq!(with_header("k", &json!({})).await.status, 200);
    assert_eq!(with_header("k", &bare).await.status, 200);
    let differ = with_header("l", &bare).await.problem("INVALID_REQUEST");
    assert_eq!(violation(&differ), ("/Idempotency-Key", "IDEMPOTENCY_KEY_CONFLICT"));

    let longest = "é".repeat(256);
    assert_eq!(app.post(other, &json!({"idempotency_key": longest})).await.status, 201);
    for (key, code) in [
        (json!(""), "TOO_SHORT"),
        (json!(format!("{longest}x")), "TOO_LONG"),
        (json!("a\0b"), "NUL_CHARACTER"),
        (json!(7), "WRONG_TYPE"),
    ] {
        let answer = app.post(other, &json!({"idempotency_key": key})).await;
        let problem = answer.problem("INVALID_REQUEST");
        assert_eq!((answer.status, violation(&problem)), (422, ("/idempotency_key", code)), "{key}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_is_called_off_and_cannot_be_forked_before_it_is_over() {
    let app = TestApp::new().await;
    define(&app, &definition("release")).await;
    let run = start(&app, "release").await.json();
    let path = format!("/workflows/release/runs/{}", text(&run, "id"));
    let fork = format!("{path}/fork");
    let refused = app.post(&fork, &json!({"from_step": "build"})).await;
    assert_eq!((refused.status, &refused.problem("ILLEGAL_TRANSITION")["status"]), (409, &409.into()));
    for (body, expect) in [
        (json!({}), ("/from_step", "REQUIRED")),
        (json!({"from_step": 7}), ("/from_step", "WRONG_TYPE")),
        (json!({"from_step": "No Step"}), ("/from_step", "VALUE_NOT_ALLOWED")),
        (json!({"from_step": "nope"}), ("/from_step", "VALUE_NOT_ALLOWED")),
        (json!({"from_step": "build", "to": "x"}), ("/to", "UNKNOWN_FIELD")),
    ] {
        let answer = app.post(&fork, &body).await;
        assert_eq!((answer.status, violation(&answer.problem("INVALID_REQUEST"))), (422, expect), "{body}");
    }

    let cancel = format!("{path}/cancel");
    app.post(&cancel, &json!({"why": "x"})).await.problem("INVALID_REQUEST");
    let asked = app.call(Method::POST, &cancel, &[], None).await;
    let called = asked.json();
    assert_eq!((asked.status, &called["cancel_requested_by"]), (202, &"operator".into()), "{called:#}");
    assert!(called["cancel_requested_at"].is_string());
    let again = app.post(&cancel, &json!({})).await;
    assert_eq!((again.status, again.json()), (202, called));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_is_named() {
    let app = TestApp::new().await;
    define(&app, &definition("release")).await;
    define(&app, &definition("other")).await;
    let run = start(&app, "release").await.json();
    let run = text(&run, "id");
    for which in [NOBODY, "nobody", "No", "%00"] {
        for path in ["", "/versions", "/versions/1", "/runs", &format!("/runs/{run}")] {
            app.get(&format!("/workflows/{which}{path}")).await.problem("WORKFLOW_NOT_FOUND");
        }
        let path = format!("/workflows/{which}");
        app.patch(&path, &json!({"active": true})).await.problem("WORKFLOW_NOT_FOUND");
        app.post(&format!("{path}/runs"), &json!({})).await.problem("WORKFLOW_NOT_FOUND");
        app.post(&format!("{path}/runs/{run}/cancel"), &json!({})).await.problem("WORKFLOW_NOT_FOUND");
        let body = json!({"from_step": "build"});
        app.post(&format!("{path}/runs/{run}/fork"), &body).await.problem("WORKFLOW_NOT_FOUND");
    }
    for path in ["release/runs/x".to_owned(), format!("release/runs/{NOBODY}"), format!("other/runs/{run}")] {
        let path = format!("/workflows/{path}");
        app.get(&path).await.problem("WORKFLOW_RUN_NOT_FOUND");
        app.post(&format!("{path}/cancel"), &json!({})).await.problem("WORKFLOW_RUN_NOT_FOUND");
        let body = json!({"from_step": "build"});
        app.post(&format!("{path}/fork"), &body).await.problem("WORKFLOW_RUN_NOT_FOUND");
    }
}
