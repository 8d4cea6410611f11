//! Health, version, status.

use super::app::TestApp;

#[tokio::test(flavor = "multi_thread")]
async fn health_is_exactly_ok() {
    let app = TestApp::new().await;
    let answer = app.get("/health").await;
    assert_eq!((answer.status, answer.text.as_str()), (200, r#"{"status":"ok"}"#));
    let answer = app.get("/healthz").await;
    assert_eq!((answer.status, answer.text.as_str()), (200, r#"{"status":"ok","ok":true,"db":true}"#));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_database_the_process_is_alive_but_not_well() {
    let app = TestApp::new().await;
    app.store.close().await;
    assert_eq!(app.get("/health").await.status, 200);
    let answer = app.get("/healthz").await;
    assert_eq!((answer.status, answer.text.as_str()), (503, r#"{"status":"unavailable","ok":false,"db":false}"#));
    let answer = app.get("/status").await;
    answer.problem("DATABASE_UNAVAILABLE");
    assert_eq!((answer.status, answer.header("retry-after")), (503, Some("1")));
}

#[tokio::test(flavor = "multi_thread")]
async fn status_tells_queue_workers_and_database() {
    let app = TestApp::new().await;
    app.enqueue(&super::app::task()).await;
    let status = app.get("/status").await.json();
    assert_eq!(status["queue"]["depth"]["queued"], 1);
    assert_eq!(status["database"]["engine"], "sqlite");
    assert_eq!(status["version"], "0.0.0-test");
    assert!(status["queue"]["oldest_wait_seconds"].is_number());
    assert_eq!(status["workers"], serde_json::json!([]));
    assert_eq!(app.get("/version").await.text, r#"{"version":"0.0.0-test"}"#);
    assert_eq!(app.get("/workers").await.text, "[]");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_queue_is_paused_with_a_reason_and_resumed() {
    let app = TestApp::new().await;
    let pause = |reason: &str| serde_json::json!({"reason": reason});
    assert_eq!(
        app.post("/queue/pause", &serde_json::json!({})).await.problem("INVALID_REQUEST")["violations"][0]["code"],
        "REQUIRED"
    );
    let first = app.post("/queue/pause", &pause("database move")).await.json();
    assert_eq!((&first["changed"], &first["paused"]["by"]), (&true.into(), &"operator".into()));
    let second = app.post("/queue/pause", &pause("other")).await.json();
    assert_eq!((&second["changed"], &second["paused"]["reason"]), (&false.into(), &"database move".into()));
    let id = app.enqueue(&super::app::task()).await;
    let explained = app.get(&format!("/tasks/{id}/explain")).await.json();
    assert_eq!(explained["blockers"][0]["kind"], "queue_paused");
    assert_eq!(explained["blockers"][1]["kind"], "no_worker");
    let resumed = app.call(actix_web::http::Method::POST, "/queue/resume", &[], None).await.json();
    assert_eq!((&resumed["changed"], &resumed["paused"]), (&true.into(), &serde_json::Value::Null));
}

#[tokio::test(flavor = "multi_thread")]
async fn workers_say_which_isolation_they_give_and_tasks_wait_for_the_one_they_insist_on() {
    use jct_contract::{IsolationLevel, Timestamp, WorkerId};
    let app = TestApp::new().await;
    let worker = jct_store::model::NewWorker {
        id: WorkerId::at(Timestamp::from_micros(1)),
        name: "w1".to_owned(),
        version: "0".to_owned(),
        executors: vec!["survey".to_owned()],
        filter: jct_store::model::ClaimFilter::any(jct_contract::CapabilitySet::default()),
        slots: 1,
        isolation: Some(IsolationLevel::L2),
        agents: Vec::new(),
        max_concurrent_tasks: None,
    };
    app.store.worker_started(worker).await.unwrap();
    assert_eq!(app.get("/workers").await.json()[0]["isolation"], "L2");
    let mut task = super::app::task();
    task["inputs"] = serde_json::json!({"isolation": "L3"});
    let id = app.enqueue(&task).await;
    let explained = app.get(&format!("/tasks/{id}/explain")).await.json();
    let expect = serde_json::json!([
        {"kind": "isolation_unavailable", "needed": "L3", "workers": [{"name": "w1", "gives": "L2"}]}
    ]);
    assert_eq!(explained["blockers"], expect);
    assert_eq!(explained["summary"], "no worker gives isolation L3: w1 gives L2");
}
