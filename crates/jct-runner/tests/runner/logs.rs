//! Lines on their way into the trace and into the events of the task.

use jct_store::model::EventKind;
use serde_json::{Value, json};

use crate::harness::{NewSpec, Tower, until};

fn flood(lines: u64, width: u64) -> NewSpec {
    NewSpec { inputs: json!({ "lines": lines, "width": width }), ..NewSpec::of("flood") }
}

async fn log_events(tower: &Tower, id: jct_contract::TaskId) -> Vec<Value> {
    let events = tower.events(id).await.into_iter();
    events
        .filter(|event| event.kind == EventKind::Log)
        .map(|event| serde_json::from_str(&event.body).unwrap())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_is_whole_in_the_trace_and_ends_with_a_marker_in_the_events() {
    let tower = Tower::new().await;
    let id = tower.enqueue(flood(5_000, 10)).await;
    tower.drain().await;
    let events = log_events(&tower, id).await;
    assert_eq!(events.len(), 2_001);
    assert_eq!(events[1_999]["line"], "2000 xxxxxxxxxx");
    assert_eq!(events[2_000], json!({ "stream": "worker", "line": "further lines are kept in the trace only" }));
    let log = tower.trace_file(tower.finished(id).await.trace(), "log.txt");
    assert!(log.contains(" 5000 xxxxxxxxxx\n"));
    assert_eq!(log.lines().filter(|line| line.ends_with(" xxxxxxxxxx")).count(), 5_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_line_is_cut_in_the_event_only() {
    let tower = Tower::new().await;
    let id = tower.enqueue(flood(1, 10_000)).await;
    tower.drain().await;
    let events = log_events(&tower, id).await;
    assert_eq!((events[0]["line"].as_str().unwrap().len(), &events[0]["truncated"]), (2_048, &json!(true)));
    assert!(tower.trace_file(tower.finished(id).await.trace(), "log.txt").contains(&"x".repeat(10_000)));
}

#[tokio::test(flavor = "multi_thread")]
async fn events_that_cannot_be_kept_do_not_fail_the_work() {
    let tower = Tower::new().await;
    let id = tower.enqueue(flood(3, 1)).await;
    tower.faulty.fail_records(usize::MAX);
    assert_eq!(tower.drain().await.completed, 1);
    assert!(log_events(&tower, id).await.is_empty());
    assert!(tower.trace_file(tower.finished(id).await.trace(), "log.txt").contains(" 3 x\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn events_of_running_work_survive_an_outage() {
    let tower = Tower::new().await;
    let id = tower.enqueue(NewSpec::of("say_and_obey")).await;
    tower.faulty.fail_records(2);
    let worker = tower.start(tower.options());
    until("the line is kept", async || (!log_events(&tower, id).await.is_empty()).then_some(())).await;
    worker.terminate();
    worker.terminate();
    worker.stopped().await;
    let lines = log_events(&tower, id).await;
    assert_eq!(lines.iter().filter(|event| event["line"] == "still here").count(), 1, "{lines:?}");
}
