//! The numbers.

use super::app::{TestApp, task, task_with_key};

#[tokio::test(flavor = "multi_thread")]
async fn the_page_counts_requests_intake_and_queue() {
    let app = TestApp::new().await;
    app.enqueue(&task_with_key("k")).await;
    app.post("/tasks/enqueue", &task_with_key("k")).await;
    let mut refused = task();
    refused["operation"] = "build".into();
    app.post("/tasks/enqueue", &refused).await;
    let answer = app.get("/metrics").await;
    for line in [
        "jct_tasks_admitted_total 1",
        "jct_tasks_replayed_total 1",
        "jct_tasks_refused_total{code=\"INVALID_OPERATION\"} 1",
        "jct_tasks{status=\"queued\"} 1",
        "jct_http_requests_total{method=\"POST\",route=\"/tasks/enqueue\",status=\"201\"} 1",
        "jct_leases_lost_total 0",
        "jct_stale_writes_refused_total 0",
        "jct_queue_paused 0",
        "jct_task_wait_seconds_count 0",
        "jct_task_run_seconds_count 0",
    ] {
        assert!(answer.text.lines().any(|found| found == line), "{line} is not in\n{}", answer.text);
    }
    assert!(answer.text.ends_with("# EOF\n"));
    assert!(!answer.text.contains("queued/") && !answer.text.contains("operator-key"));
}
