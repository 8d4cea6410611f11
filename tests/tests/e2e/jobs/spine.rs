//! A job of type `task` is the task: the same id, the same gate, the same lease, in whichever words it is spoken of.

use std::time::Duration;

use jct_tests::{Engine, TestTower, command_task, on_both_engines, survey_task};
use serde_json::{Value, json};

use super::support::{call, claim, path, worker};

on_both_engines![
    a_task_handed_in_as_a_job_is_run_by_the_towers_own_worker,
    a_task_is_taken_over_http_and_is_the_same_in_both_views,
    the_gate_stands_before_jobs_too,
    a_lease_over_http_is_fenced_like_any_other,
    the_names_of_other_types_cannot_be_borrowed,
    workers_over_http_and_the_towers_own_compete_for_one_queue,
];

fn a_task_handed_in_as_a_job_is_run_by_the_towers_own_worker(engine: Engine) {
    let tower = TestTower::new(engine);
    let client = tower.operator();
    let job =
        client.post("/api/queue/jobs", &json!({ "type": "task", "payload": command_task("echo done") })).expect(201);
    let id = job["id"].as_str().unwrap();
    let task = client.wait_for(id, &["completed", "failed", "cancelled"]);
    assert_eq!(task["status"], "completed", "{task}");
    let job = client.get(&format!("/api/queue/jobs/{id}")).expect(200);
    assert_eq!((&job["status"], &job["type"]), (&json!("succeeded"), &json!("task")), "{job}");
}

fn a_task_is_taken_over_http_and_is_the_same_in_both_views(engine: Engine) {
    let tower = TestTower::idle(engine);
    let client = tower.operator();
    let id = client.enqueue(&survey_task());
    let worker = worker(&tower, "outside");
    assert!(claim(&worker, &["command"]).is_null(), "a survey needs another capability");
    let job = claim(&worker, &["Survey"]);
    assert_eq!((&job["id"], &job["type"]), (&json!(id), &json!("task")), "{job}");
    assert_eq!(job["payload"]["objective"], survey_task()["objective"], "{job}");
    let task = client.task(&id);
    assert_eq!((&task["status"], &task["assigned_to"]), (&json!("running"), &json!("outside")), "{task}");
    let result = call(&job, json!({ "resultSummary": "looked at it", "result": { "files": 3 } }));
    let ended = worker.post(&path(&id, "complete"), &result).expect(200);
    assert_eq!(ended["status"], "succeeded", "{ended}");
    let task = client.task(&id);
    assert_eq!((&task["status"], &task["result"]["files"]), (&json!("completed"), &json!(3)), "{task}");
    assert_eq!(client.get(&format!("/api/queue/jobs/{id}")).expect(200)["resultSummary"], "looked at it");
}

fn the_gate_stands_before_jobs_too(engine: Engine) {
    let tower = TestTower::idle(engine);
    let client = tower.operator();
    let mut task = command_task("true");
    task["target"]["repo"] = "somebody/else".into();
    client.post("/api/queue/jobs", &json!({ "type": "task", "payload": task })).problem(422, "REPO_NOT_ALLOWED");
    let legacy = json!({ "type": "codex_exec", "payload": { "repository": "somebody/else", "instruction": "tidy up the code" } });
    client.post("/api/queue/jobs", &legacy).problem(422, "REPO_NOT_ALLOWED");
    let unknown = client.post("/api/queue/jobs", &json!({ "type": "build", "payload": {} }));
    assert_eq!(unknown.status, 422, "{}", unknown.text());
    assert!(unknown.text().contains("task, manifest, codex_exec, codex_skill"), "{}", unknown.text());
}

fn a_lease_over_http_is_fenced_like_any_other(engine: Engine) {
    let tower = TestTower::idle(engine);
    let client = tower.operator();
    let id = client.enqueue(&survey_task());
    let (first, second) = (worker(&tower, "first"), worker(&tower, "second"));
    let job = claim(&first, &["survey"]);
    let done = call(&job, json!({ "resultSummary": "done" }));
    second.post(&path(&id, "complete"), &done).problem(409, "LEASE_STALE");
    let mut other = done.clone();
    other["fence"] = "1.7".into();
    first.post(&path(&id, "complete"), &other).problem(409, "LEASE_STALE");
    let failure = call(&job, json!({ "errorMessage": "the disk is full", "retryable": true }));
    assert_eq!(first.post(&path(&id, "fail"), &failure).expect(200)["status"], "queued");
    first.post(&path(&id, "complete"), &done).problem(409, "LEASE_STALE");
    assert_eq!(client.task(&id)["status"], "queued");
}

fn the_names_of_other_types_cannot_be_borrowed(engine: Engine) {
    let tower = TestTower::idle(engine);
    let client = tower.operator();
    for name in ["manifest", "codex_exec", "codex_skill"] {
        let mut task = command_task("true");
        task["inputs"]["executor"] = name.into();
        let answer = client.post("/tasks/enqueue", &task);
        assert_eq!(answer.status, 422, "{}", answer.text());
        assert!(answer.text().contains("/inputs/executor"), "{}", answer.text());
    }
}

fn workers_over_http_and_the_towers_own_compete_for_one_queue(engine: Engine) {
    const JOBS: usize = 16;
    let tower = TestTower::new(engine);
    let client = tower.operator();
    let ids: Vec<String> = (0..JOBS).map(|_| client.enqueue(&command_task("sleep 0.1"))).collect();
    let outside = worker(&tower, "outside");
    let mut taken = Vec::new();
    let is_final =
        |id: &String| matches!(client.task(id)["status"].as_str(), Some("completed" | "failed" | "cancelled"));
    while !ids.iter().all(is_final) {
        let job = claim(&outside, &["command"]);
        let Some(id) = job["id"].as_str() else {
            std::thread::sleep(Duration::from_millis(20));
            continue;
        };
        // As long as the others take, so that none of them has all.
        std::thread::sleep(Duration::from_millis(100));
        let done = call(&job, json!({ "resultSummary": "done outside" }));
        assert_eq!(outside.post(&path(id, "complete"), &done).expect(200)["status"], "succeeded");
        taken.push(id.to_owned());
    }
    assert!(!taken.is_empty() && taken.len() < JOBS, "one of them had all: {} of {JOBS}", taken.len());
    for id in &ids {
        let job = client.get(&format!("/api/queue/jobs/{id}")).expect(200);
        assert_eq!((&job["status"], &job["attempt"]), (&json!("succeeded"), &json!(1)), "{job}");
        let is_outside = taken.contains(id);
        let holder = client.task(id)["assigned_to"].clone();
        assert_eq!(holder, if is_outside { "outside" } else { "worker-1" }, "{job}");
        let events = client.get(&format!("/api/queue/jobs/{id}/events")).expect(200);
        let began = |event: &&Value| event["kind"] == "status" && event["payload"]["status"] == "running";
        assert_eq!(events["items"].as_array().unwrap().iter().filter(began).count(), 1, "{events}");
    }
}
