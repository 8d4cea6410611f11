//! Many tasks in one request.

use actix_web::http::Method;
use serde_json::{Value, json};

use super::app::{TestApp, task, task_with_key};

fn statuses(answer: &Value) -> Vec<u64> {
    let items = answer.as_array().unwrap();
    for (index, item) in items.iter().enumerate() {
        assert_eq!(item["index"], index);
    }
    items.iter().map(|item| item["status"].as_u64().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_item_is_answered_in_order_and_a_refused_one_undoes_no_other() {
    let app = TestApp::new().await;
    let mut evil = task();
    evil["target"]["repo"] = "evil/x".into();
    let tasks = json!({"tasks": [task(), evil, {"objective": 7}, 3, task_with_key("k"), task_with_key("k")]});
    let answer = app.post("/tasks/enqueue/batch", &tasks).await;
    let items = answer.json();
    assert_eq!(answer.status, 200);
    assert_eq!(statuses(&items), [201, 422, 422, 422, 201, 200]);
    assert_eq!(items[1]["code"], "REPO_NOT_ALLOWED");
    assert_eq!(items[2]["code"], "INVALID_TASK");
    assert_eq!(items[5]["task_id"], items[4]["task_id"]);
    assert_eq!(items[0]["task"]["status"], "queued");
    assert_eq!(app.get("/tasks").await.json().as_array().unwrap().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_inside_a_batch_behave_as_one_after_the_other() {
    let app = TestApp::new().await;
    let other = |repo: &str| {
        let mut other = task_with_key("k");
        other["objective"] = "Something else".into();
        other["target"]["repo"] = repo.into();
        other
    };
    // Refused by the gate before anybody owns the key, then admitted, then the key is taken: by the gate's rule or not.
    let tasks = json!({"tasks": [other("evil/x"), task_with_key("k"), other("myorg/x"), other("evil/x")]});
    let items = app.post("/tasks/enqueue/batch", &tasks).await.json();
    assert_eq!(statuses(&items), [422, 201, 409, 409]);
    assert_eq!(items[0]["code"], "REPO_NOT_ALLOWED");
    for item in [&items[2], &items[3]] {
        assert_eq!((&item["code"], &item["task_id"]), (&"IDEMPOTENCY_KEY_REUSED".into(), &items[1]["task_id"]));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_envelope_is_strict() {
    let app = TestApp::new().await;
    for (body, code) in [
        (json!({}), "REQUIRED"),
        (json!({"tasks": []}), "TOO_SHORT"),
        (json!({"tasks": {}}), "WRONG_TYPE"),
        (json!([]), "WRONG_TYPE"),
        (json!({"tasks": [task()], "hold": true}), "UNKNOWN_FIELD"),
        (json!({"tasks": vec![0; 1001]}), "TOO_MANY_ITEMS"),
    ] {
        let problem = app.post("/tasks/enqueue/batch", &body).await.problem("INVALID_REQUEST");
        assert_eq!(problem["violations"][0]["code"], code, "{body}");
    }
    let body = json!({"tasks": [task()]}).to_string();
    let headers = [("idempotency-key", "k")];
    app.call(Method::POST, "/tasks/enqueue/batch", &headers, Some(body.as_bytes())).await.problem("INVALID_REQUEST");
    assert_eq!(app.get("/tasks").await.text, "[]");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_tasks_are_taken_at_once_and_held_if_asked() {
    let app = TestApp::new().await;
    let answer = app.post("/tasks/enqueue/batch?hold=true", &json!({"tasks": vec![task(); 1000]})).await;
    assert!(statuses(&answer.json()).iter().all(|status| *status == 201));
    assert_eq!(app.get("/status").await.json()["queue"]["depth"]["pending"], 1000);
}
