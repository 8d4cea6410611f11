//! Handing one task in.

use actix_web::http::Method;
use serde_json::{Value, json};

use super::app::{TestApp, stable, task, task_with_key};

#[tokio::test(flavor = "multi_thread")]
async fn an_admitted_task_is_answered_with_its_record() {
    let app = TestApp::new().await;
    let answer = app.post("/tasks/enqueue", &task_with_key("k")).await;
    let body = answer.json();
    let id = body["task_id"].as_str().unwrap();
    assert_eq!(answer.status, 201);
    assert_eq!(answer.header("location"), Some(format!("/tasks/{id}").as_str()));
    assert_eq!(answer.header("idempotent-replayed"), None);
    let mut text = stable(&format!("{body:#}"), id);
    for name in ["repo_id", "issue_id", "context_packet_id", "constraint_snapshot_id"] {
        text = text.replace(body["cwom"][name].as_str().unwrap(), &format!("<{name}>"));
    }
    insta::assert_snapshot!(text);
    assert_eq!(app.get(&format!("/tasks/{id}")).await.json(), body["task"], "what was answered is what is kept");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_keys_of_the_task_object_keep_their_order() {
    let app = TestApp::new().await;
    let id = app.enqueue(&task()).await;
    let body = app.get(&format!("/tasks/{id}")).await.json();
    let keys: Vec<_> = body.as_object().unwrap().keys().map(String::as_str).collect();
    let known = [
        "task_id",
        "version",
        "idempotency_key",
        "requested_by",
        "objective",
        "operation",
        "target",
        "constraints",
        "inputs",
        "metadata",
        "status",
        "created_at",
        "queued_at",
        "started_at",
        "completed_at",
        "assigned_to",
        "result",
        "error",
        "trace_path",
        "cwom_issue_id",
        "trace_id",
    ];
    assert_eq!(keys.get(..known.len()), Some(&known[..]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repetition_answers_with_the_task_first_created() {
    let app = TestApp::new().await;
    let first = app.post("/tasks/enqueue", &task_with_key("k")).await.json();
    // The same task in another spelling, its key in the header.
    let mut again = task();
    again["target"]["repo"] = "myorg/app".into();
    let body = again.to_string();
    let headers = [("idempotency-key", "k"), ("x-trace-id", "second")];
    let answer = app.call(Method::POST, "/tasks/enqueue", &headers, Some(body.as_bytes())).await;
    assert_eq!((answer.status, answer.header("idempotent-replayed")), (200, Some("true")));
    assert_eq!(answer.header("x-trace-id"), Some("second"));
    assert_eq!(answer.json(), first, "trace id of the first submission included");
    assert_eq!(app.get("/tasks").await.json().as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repetition_is_answered_even_if_the_policy_has_become_stricter() {
    let app = TestApp::new().await;
    let id = app.enqueue(&task_with_key("k")).await;
    let app = app.with_stricter_policy();
    let answer = app.post("/tasks/enqueue", &task_with_key("k")).await;
    assert_eq!((answer.status, answer.json()["task_id"].as_str()), (200, Some(id.as_str())));
    app.post("/tasks/enqueue", &task_with_key("other")).await.problem("REPO_NOT_ALLOWED");
    let mut different = task_with_key("k");
    different["objective"] = "Something else".into();
    app.post("/tasks/enqueue", &different).await.problem("IDEMPOTENCY_KEY_REUSED");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_cannot_stand_for_two_tasks() {
    let app = TestApp::new().await;
    let id = app.enqueue(&task_with_key("k")).await;
    let mut different = task_with_key("k");
    different["objective"] = "Something else".into();
    let answer = app.post("/tasks/enqueue", &different).await;
    let problem = answer.problem("IDEMPOTENCY_KEY_REUSED");
    assert_eq!((answer.status, problem["task_id"].as_str()), (409, Some(id.as_str())));
    let body = task_with_key("k").to_string();
    let answer = app.call(Method::POST, "/tasks/enqueue", &[("idempotency-key", "other")], Some(body.as_bytes())).await;
    let problem = answer.problem("INVALID_REQUEST");
    assert_eq!(
        (&problem["violations"][0]["in"], &problem["violations"][0]["code"]),
        (&"header".into(), &"IDEMPOTENCY_KEY_CONFLICT".into())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn no_door_takes_a_key_that_is_the_towers_own() {
    const KEY: &str = "jct:workflow:018bcfe5-6800-7000-838e-d036c9642fbb/build/1";
    let app = TestApp::new().await;
    let in_body = json!(["body", "/idempotency_key", "VALUE_NOT_ALLOWED"]);
    let in_header = json!(["header", "/Idempotency-Key", "VALUE_NOT_ALLOWED"]);
    let found = |problem: &Value| {
        let first = &problem["violations"][0];
        json!([first["in"], first["pointer"], first["code"]])
    };
    let answer = app.post("/tasks/enqueue", &task_with_key(KEY)).await;
    assert_eq!((answer.status, found(&answer.problem("INVALID_TASK"))), (422, in_body.clone()));
    let job = json!({"type": "task", "payload": task()});
    for (path, body) in [("/tasks/enqueue", task()), ("/api/queue/jobs", job)] {
        let body = body.to_string();
        let answer = app.call(Method::POST, path, &[("idempotency-key", KEY)], Some(body.as_bytes())).await;
        assert_eq!((answer.status, found(&answer.problem("INVALID_REQUEST"))), (422, in_header.clone()), "{path}");
    }
    let job = json!({"type": "task", "payload": task_with_key(KEY)});
    let problem = app.post("/api/queue/jobs", &job).await.problem("INVALID_TASK");
    assert_eq!(found(&problem), json!(["body", "/payload/idempotency_key", "VALUE_NOT_ALLOWED"]));
    assert_eq!(app.get("/tasks").await.json(), json!([]));

    let batch = json!({"tasks": [task_with_key("jct-1"), task_with_key(KEY), task()]});
    let items = app.post("/tasks/enqueue/batch", &batch).await.json();
    assert_eq!((&items[0]["status"], &items[2]["status"]), (&json!(201), &json!(201)), "{items:#}");
    assert_eq!((&items[1]["code"], found(&items[1])), (&json!("INVALID_TASK"), in_body));
}

#[tokio::test(flavor = "multi_thread")]
async fn parallel_posts_with_one_key_make_one_task() {
    let app = TestApp::new().await;
    let task = task_with_key("k");
    let answers = futures_util::future::join_all((0..64).map(|_| app.post("/tasks/enqueue", &task))).await;
    let ids: std::collections::BTreeSet<_> =
        answers.iter().map(|answer| answer.json()["task_id"].to_string()).collect();
    assert_eq!(ids.len(), 1);
    assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 1);
    assert!(answers.iter().all(|answer| matches!(answer.status, 200 | 201)));
}

#[tokio::test(flavor = "multi_thread")]
async fn all_six_codes_of_the_gate_are_reachable() {
    let app = TestApp::new().await;
    for (code, pointer, value) in [
        ("INVALID_OPERATION", "/operation", json!("build")),
        ("REPO_NOT_ALLOWED", "/target/repo", json!("myorg-evil/x")),
        ("TIME_BUDGET_TOO_LOW", "/constraints/time_budget_seconds", json!(29)),
        ("TIME_BUDGET_TOO_HIGH", "/constraints/time_budget_seconds", json!(86_401)),
        ("NETWORK_ACCESS_DENIED", "/constraints/allow_network", json!(true)),
        ("SECRETS_ACCESS_DENIED", "/constraints/allow_secrets", json!(true)),
    ] {
        let mut refused = task();
        refused["constraints"] = json!({"time_budget_seconds": 60, "allow_network": false, "allow_secrets": false});
        *refused.pointer_mut(pointer).unwrap() = value;
        let answer = app.post("/tasks/enqueue", &refused).await;
        let problem = answer.problem(code);
        assert_eq!((answer.status, &problem["error"]), (422, &"policy_violation".into()));
    }
    assert_eq!(app.get("/tasks").await.text, "[]");
}

#[tokio::test(flavor = "multi_thread")]
async fn problems_look_like_this() {
    let app = TestApp::new().await;
    let mut refused = task();
    refused["target"]["repo"] = "evil/x".into();
    let policy = app.post("/tasks/enqueue", &refused).await.json();
    insta::assert_snapshot!("problem_of_the_gate", format!("{policy:#}"));
    let contract = app.post("/tasks/enqueue", &json!({"objective": "no", "requested_by": 7})).await.json();
    insta::assert_snapshot!("problem_of_the_contract", format!("{contract:#}"));
    let malformed = app.call(Method::POST, "/tasks/enqueue", &[], Some(b"{\n  \"a\": }")).await.json();
    insta::assert_snapshot!("problem_of_the_parser", format!("{malformed:#}"));
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_are_json_of_bounded_size() {
    let options = crate::HttpOptions { body_limit: 2048, ..crate::HttpOptions::default() };
    let app = TestApp::with(options, jct_tower::TowerOptions::default()).await;
    let post = |headers: &'static [(&'static str, &'static str)], body: Vec<u8>| {
        let app = &app;
        async move { app.call(Method::POST, "/tasks/enqueue", headers, Some(&body)).await }
    };
    let body = || task().to_string().into_bytes();
    assert_eq!(post(&[], body()).await.status, 201);
    post(&[("content-type", "text/plain")], body()).await.problem("UNSUPPORTED_MEDIA_TYPE");
    post(&[("content-encoding", "gzip")], body()).await.problem("UNSUPPORTED_MEDIA_TYPE");
    post(&[], vec![0xff]).await.problem("MALFORMED_JSON");
    post(&[], Vec::new()).await.problem("MALFORMED_JSON");
    let answer = post(&[], vec![b' '; 2049]).await;
    assert_eq!((answer.status, &answer.problem("BODY_TOO_LARGE")["limit_bytes"]), (413, &2048.into()));
    assert_eq!(post(&[], vec![b' '; 2048]).await.status, 400);
    app.call(Method::POST, "/tasks/enqueue?hold=maybe", &[], Some(&body())).await.problem("INVALID_REQUEST");
    app.call(Method::POST, "/tasks/enqueue?create=true", &[], Some(&body())).await.problem("INVALID_REQUEST");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_held_task_is_pending_until_it_is_released() {
    let app = TestApp::new().await;
    let answer = app.post("/tasks/enqueue?hold=true", &task()).await;
    let body = answer.json();
    assert_eq!((&body["status"], &body["task"]["queued_at"]), (&"pending".into(), &Value::Null));
    let path = format!("/tasks/{}", body["task_id"].as_str().unwrap());
    assert_eq!(app.get(&path).await.json(), body["task"]);
    assert_eq!(app.get(&format!("{path}/explain")).await.json()["state"], "held");
    let released = app.patch(&format!("{path}/status"), &json!({"status": "queued"})).await.json();
    assert_eq!(released["task"]["status"], "queued");
}
