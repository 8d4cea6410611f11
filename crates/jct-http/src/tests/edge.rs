//! What holds for every request.

use actix_web::http::Method;

use super::app::{TRACE, TestApp, task};

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_carries_the_trace_id() {
    let app = TestApp::keyed().await;
    for path in ["/health", "/tasks", "/nope", "/docs/", "/docs/nope", "/tasks/x"] {
        assert_eq!(app.get(path).await.header("x-trace-id"), Some(TRACE), "{path}");
        let made = app.call(Method::GET, path, &[("x-trace-id", "not valid")], None).await;
        made.problem("INVALID_REQUEST");
        assert_eq!(made.header("x-trace-id").map(str::len), Some(36));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_trace_id_of_the_request_becomes_that_of_the_task() {
    let app = TestApp::new().await;
    let body = task().to_string();
    let answer = app.call(Method::POST, "/tasks/enqueue", &[("x-trace-id", "Run-7_b.2")], Some(body.as_bytes())).await;
    let body = answer.json();
    assert_eq!((&body["trace_id"], &body["task"]["trace_id"]), (&"Run-7_b.2".into(), &"Run-7_b.2".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_another_origin_cannot_drive_the_tower() {
    let app = TestApp::new().await;
    let body = task().to_string();
    let headers = [("origin", "https://evil.example"), ("host", "127.0.0.1:8000")];
    app.call(Method::POST, "/tasks/enqueue", &headers, Some(body.as_bytes())).await.problem("ORIGIN_NOT_ALLOWED");
    app.call(Method::GET, "/tasks", &[("host", "evil.example")], None).await.problem("ORIGIN_NOT_ALLOWED");
    let headers = [("origin", "http://127.0.0.1:8000"), ("host", "127.0.0.1:8000")];
    assert_eq!(app.call(Method::POST, "/tasks/enqueue", &headers, Some(body.as_bytes())).await.status, 201);
}

#[tokio::test(flavor = "multi_thread")]
async fn listed_origins_may_read_answers_and_no_other() {
    let cors_origins = vec!["https://console.example".to_owned()];
    let options = crate::HttpOptions { cors_origins, ..crate::HttpOptions::default() };
    let app = TestApp::with(options, jct_tower::TowerOptions::default()).await;
    let origin = |origin: &'static str| [("origin", origin), ("access-control-request-method", "POST")];
    let listed = app.call(Method::OPTIONS, "/tasks/enqueue", &origin("https://console.example"), None).await;
    assert_eq!(listed.status, 204);
    assert_eq!(listed.header("access-control-allow-origin"), Some("https://console.example"));
    assert_eq!(listed.header("access-control-allow-credentials"), None);
    let (allowed, shown) = ("access-control-allow-headers", "access-control-expose-headers");
    let names = |name| listed.header(name).unwrap().split(", ").collect::<Vec<_>>();
    // What a page needs to change an object under its version.
    assert!(names(allowed).contains(&"if-match") && names(shown).contains(&"etag"));
    let other = app.call(Method::OPTIONS, "/tasks/enqueue", &origin("https://evil.example"), None).await;
    assert_eq!((other.status, other.header("access-control-allow-origin")), (405, None));
    let read = app.call(Method::GET, "/tasks", &[("origin", "https://evil.example")], None).await;
    assert_eq!((read.status, read.header("access-control-allow-origin")), (200, None));
}
