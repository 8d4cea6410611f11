//! The event stream.

use actix_web::http::Method;
use serde_json::json;

use super::app::{TestApp, task};

/// The ids and statuses of a stream.
fn seen(text: &str) -> Vec<(u64, String)> {
    let frames = text.split("\n\n").filter(|frame| frame.starts_with("id:"));
    let parse = |frame: &str| {
        let data = frame.lines().find_map(|line| line.strip_prefix("data: ")).unwrap();
        let data: serde_json::Value = serde_json::from_str(data).unwrap();
        assert!(frame.starts_with(&format!("id: {}\nevent: {}\n", data["seq"], data["kind"].as_str().unwrap())));
        (data["seq"].as_u64().unwrap(), data["body"]["status"].as_str().unwrap_or_default().to_owned())
    };
    frames.map(parse).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_tells_everything_once_and_ends_at_the_final_state() {
    let app = TestApp::new().await;
    let id = app.enqueue(&task()).await;
    let path = format!("/tasks/{id}/events");
    // The client is there before anything happens and stays until the end.
    let changes = async {
        app.patch(&format!("/tasks/{id}/status"), &json!({"status": "running"})).await;
        app.patch(&format!("/tasks/{id}/status"), &json!({"status": "completed"})).await;
    };
    let (answer, ()) = tokio::join!(app.get(&path), changes);
    assert_eq!(answer.header("content-type"), Some("text/event-stream"));
    let all: Vec<_> =
        ["queued", "running", "completed"].iter().zip(1..).map(|(status, id)| (id, (*status).to_owned())).collect();
    assert_eq!(seen(&answer.text), all);

    for after in 0..3_u64 {
        let header = after.to_string();
        let answer = app.call(Method::GET, &path, &[("last-event-id", &header)], None).await;
        let rest: Vec<_> = all.iter().filter(|(id, _)| *id > after).cloned().collect();
        assert_eq!(seen(&answer.text), rest);
        assert_eq!(seen(&app.get(&format!("{path}?last_event_id={after}")).await.text), rest);
    }
    let answer = app.call(Method::GET, &path, &[("last-event-id", "3")], None).await;
    assert_eq!((answer.status, answer.text.as_str()), (204, ""));
    for bad in ["x", "-1", ""] {
        app.call(Method::GET, &path, &[("last-event-id", bad)], None).await.problem("INVALID_REQUEST");
    }
}
