//! From a post to a sealed trace: the worker runs what was admitted.

use jct_tests::{Engine, Setup, TestTower, command_task, on_both_engines, survey_task};
use serde_json::{Value, json};

on_both_engines![
    a_survey_runs_and_leaves_a_verified_trace,
    a_command_runs_in_a_checkout_and_its_output_is_told,
    a_command_that_fails_is_not_tried_again,
    a_task_that_no_executor_fits_fails_and_says_so,
    a_running_task_is_cancelled_within_a_heartbeat,
    a_time_budget_ends_the_whole_process_tree,
    a_task_under_a_workers_lease_cannot_be_finished_behind_its_back,
    traces_of_opaque_paths_are_never_served,
];

fn attempts(tower: &TestTower, id: &str) -> Vec<Value> {
    tower.operator().get(&format!("/tasks/{id}/attempts")).expect(200).as_array().unwrap().clone()
}

fn a_survey_runs_and_leaves_a_verified_trace(engine: Engine) {
    let tower = TestTower::new(engine);
    let client = tower.operator();
    let id = client.enqueue(&survey_task());
    let task = client.wait_for(&id, &["completed", "failed"]);
    assert_eq!(task["status"], "completed", "{task}");
    assert!(task["result"].is_object() && task["error"].is_null(), "{task}");
    for field in ["queued_at", "started_at", "completed_at"] {
        assert!(task[field].is_string(), "{field}: {task}");
    }
    let attempt = attempts(&tower, &id).remove(0);
    assert_eq!((&attempt["attempt"], &attempt["reason"]), (&json!(1), &json!("COMPLETED")));
    assert!(attempt["manifest_digest"].is_string());

    let listing = client.get(&format!("/tasks/{id}/trace")).expect(200).to_string();
    for file in ["input.json", "log.txt", "output.json", "manifest.json", "events.jsonl"] {
        assert!(listing.contains(file), "{file}: {listing}");
        assert_eq!(client.get(&format!("/tasks/{id}/trace/{file}")).status, 200, "{file}");
    }
    let events = client.get(&format!("/tasks/{id}/trace/events.jsonl")).text();
    let trace_id = task["trace_id"].as_str().unwrap();
    assert!(events.lines().count() > 0);
    assert!(events.lines().all(|line| serde_json::from_str::<Value>(line).unwrap()["trace_id"] == trace_id));
    // On disk the accepted attempt is linked from the task's own folder.
    for file in ["input.json", "log.txt", "output.json"] {
        assert!(tower.traces().join(&id).join(file).exists(), "{file}");
    }
}

fn a_command_runs_in_a_checkout_and_its_output_is_told(engine: Engine) {
    let tower = TestTower::new(engine);
    let client = tower.operator();
    let id = client.enqueue(&command_task("cat LICENSE; echo warning >&2; env | sort"));
    let task = client.wait_for(&id, &["completed", "failed"]);
    assert_eq!(task["status"], "completed", "{task}");
    let isolation = &task["result"]["isolation"];
    assert!(isolation["effective"].is_string() && isolation["limits"]["memory_bytes"].is_u64(), "{task}");
    let stream = client.get(&format!("/tasks/{id}/events"));
    assert_eq!(stream.header("content-type"), Some("text/event-stream"));
    let text = stream.text();
    assert!(text.contains("MIT License") && text.contains("warning"), "{text}");
    assert!(!text.contains("JCT_TEST_POSTGRES_URL"), "the environment of the worker does not leak");
    let ids: Vec<u64> =
        text.lines().filter_map(|line| line.strip_prefix("id:")).map(|id| id.trim().parse().unwrap()).collect();
    assert_eq!(ids, (1..=ids.len() as u64).collect::<Vec<_>>(), "no gaps");
    // Resumed in the middle: exactly the rest.
    let middle = (ids.len() / 2).to_string();
    let rest = client.call("GET", &format!("/tasks/{id}/events"), &[("last-event-id", &middle)], b"").text();
    assert_eq!(rest.lines().filter(|line| line.starts_with("id:")).count(), ids.len() - ids.len() / 2);
}

fn a_command_that_fails_is_not_tried_again(engine: Engine) {
    let tower = TestTower::new(engine);
    let client = tower.operator();
    let id = client.enqueue(&command_task("echo no; exit 3"));
    let task = client.wait_for(&id, &["completed", "failed"]);
    assert_eq!(task["status"], "failed", "{task}");
    assert!(task["error"].is_string() && task["result"].is_null(), "{task}");
    let attempts = attempts(&tower, &id);
    assert_eq!((attempts.len(), &attempts[0]["reason"]), (1, &json!("COMMAND_FAILED")));
    assert_eq!(client.get(&format!("/tasks/{id}/trace/log.txt")).status, 200, "failures leave proof as well");
}

fn a_task_that_no_executor_fits_fails_and_says_so(engine: Engine) {
    let tower = TestTower::new(engine);
    let client = tower.operator();
    let mut task = survey_task();
    task["inputs"] = json!({ "executor": "nobody" });
    let id = client.enqueue(&task);
    let task = client.wait_for(&id, &["completed", "failed"]);
    assert_eq!(task["status"], "failed");
    assert_eq!(attempts(&tower, &id)[0]["reason"], "NO_EXECUTOR");
    assert!(task["error"].as_str().unwrap().contains("`nobody`"), "what would have been needed: {task}");
}

fn a_running_task_is_cancelled_within_a_heartbeat(engine: Engine) {
    let tower = TestTower::new(engine);
    let client = tower.operator();
    let id = client.enqueue(&command_task("sleep 600"));
    let _running = client.wait_for(&id, &["running"]);
    assert_eq!(client.post(&format!("/tasks/{id}/cancel"), &json!({})).status, 202);
    let task = client.wait_for(&id, &["cancelled", "completed", "failed"]);
    assert_eq!(task["status"], "cancelled", "{task}");
    client.post(&format!("/tasks/{id}/cancel"), &json!({})).problem(409, "ILLEGAL_TRANSITION");
}

fn a_time_budget_ends_the_whole_process_tree(engine: Engine) {
    let tower = TestTower::with(engine, &Setup { min_budget: 1, ..Setup::default() });
    let client = tower.operator();
    // A number that no other process has, because what a run calls its children is not what the machine calls them.
    let nap = format!("{}", 600_000 + std::process::id());
    let mut task = command_task(&format!("setsid sleep {nap} & sleep {nap} & wait"));
    task["constraints"] = json!({ "time_budget_seconds": 2 });
    let id = client.enqueue(&task);
    let task = client.wait_for(&id, &["completed", "failed"]);
    assert_eq!(task["status"], "failed", "{task}");
    assert_eq!(attempts(&tower, &id)[0]["reason"], "TIME_BUDGET_EXCEEDED");
    assert!(!lives(&nap), "a child lives on");
}

/// Whether a process has this argument.
fn lives(argument: &str) -> bool {
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    processes
        .filter_map(|process| std::fs::read(process.path().join("cmdline")).ok())
        .any(|line| line.split(|&byte| byte == 0).any(|part| part == argument.as_bytes()))
}

fn a_task_under_a_workers_lease_cannot_be_finished_behind_its_back(engine: Engine) {
    let tower = TestTower::new(engine);
    let client = tower.operator();
    let id = client.enqueue(&command_task("sleep 600"));
    let _running = client.wait_for(&id, &["running"]);
    let path = format!("/tasks/{id}/status");
    client.patch(&path, &json!({ "status": "completed" })).problem(409, "HELD_BY_WORKER");
    client.patch(&path, &json!({ "status": "failed", "error": "no" })).problem(409, "HELD_BY_WORKER");
    assert_eq!(client.task(&id)["status"], "running");
}

fn traces_of_opaque_paths_are_never_served(engine: Engine) {
    let tower = TestTower::idle(engine);
    let client = tower.operator();
    let id = client.enqueue(&survey_task());
    let path = format!("/tasks/{id}/status");
    let taken = client.patch(&path, &json!({ "status": "running", "assigned_to": "jules" })).expect(200);
    let fence = taken["lease"]["fence"].clone();
    let ended = json!({ "status": "completed", "fence": fence, "result": {}, "trace_path": "../../etc" });
    let task = client.patch(&path, &ended).expect(200)["task"].clone();
    assert_eq!((&task["status"], &task["trace_path"]), (&json!("completed"), &json!("../../etc")));
    client.get(&format!("/tasks/{id}/trace")).problem(404, "TRACE_NOT_FOUND");
    client.get(&format!("/tasks/{id}/trace/passwd")).problem(404, "TRACE_NOT_FOUND");
}
