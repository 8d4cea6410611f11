//! Intake over a socket: answers, replays, refusals, many at once.

use std::collections::HashSet;

use jct_tests::{Engine, Setup, TestTower, on_both_engines, survey_task};
use serde_json::{Value, json};

on_both_engines![
    an_admitted_task_is_answered_with_its_record_and_can_be_read_back,
    sixty_four_parallel_posts_with_one_key_make_one_task,
    the_key_may_come_in_a_header_and_must_not_contradict_the_field,
    a_key_of_another_task_is_refused_with_that_tasks_id,
    every_refusal_of_the_gate_is_reachable,
    every_violation_is_told_at_once,
    a_batch_takes_what_it_can,
    parallel_enqueues_are_all_kept_in_the_order_of_their_ids,
    the_trace_id_is_taken_or_made_and_told,
];

fn with(pointer: &str, value: Value) -> Value {
    let mut task = survey_task();
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    task.pointer_mut(parent).unwrap()[name] = value;
    task
}

fn an_admitted_task_is_answered_with_its_record_and_can_be_read_back(engine: Engine) {
    let tower = TestTower::idle(engine);
    let client = tower.operator();
    let answer = client.post("/tasks/enqueue", &with("/idempotency_key", "k1".into()));
    let made = answer.expect(201);
    let id = made["task_id"].as_str().unwrap();
    assert_eq!(answer.header("location"), Some(format!("/tasks/{id}").as_str()));
    assert_eq!(made["status"], "queued");
    let task = client.task(id);
    assert_eq!(task, made["task"]);
    assert_eq!((&task["task_id"], &task["status"]), (&made["task_id"], &json!("queued")));
    for field in ["created_at", "updated_at", "queued_at", "started_at", "completed_at"] {
        assert!(task.get(field).is_some(), "all five times, `{field}` too: {task}");
    }
    assert_eq!(task["created_at"], made["created_at"]);
}

fn sixty_four_parallel_posts_with_one_key_make_one_task(engine: Engine) {
    let tower = TestTower::idle(engine);
    let answers: Vec<(u16, String, bool)> = std::thread::scope(|scope| {
        let posts: Vec<_> = (0..64)
            .map(|_| {
                let client = tower.operator();
                scope.spawn(move || {
                    let answer = client.post("/tasks/enqueue", &with("/idempotency_key", "one".into()));
                    let id = answer.json()["task_id"].as_str().unwrap_or_default().to_owned();
                    (answer.status, id, answer.header("idempotent-replayed") == Some("true"))
                })
            })
            .collect();
        posts.into_iter().map(|post| post.join().unwrap()).collect()
    });
    assert!(answers.iter().all(|answer| answer.0 < 300), "{answers:?}");
    assert_eq!(answers.iter().filter(|answer| answer.0 == 201 && !answer.2).count(), 1);
    assert_eq!(answers.iter().filter(|answer| answer.0 == 200 && answer.2).count(), 63);
    assert_eq!(answers.iter().map(|answer| &answer.1).collect::<HashSet<_>>().len(), 1);
    assert_eq!(items(&tower.operator().get("/tasks").expect(200)).len(), 1);
}

/// The tasks of a page.
fn items(page: &Value) -> Vec<Value> {
    page.as_array().unwrap().clone()
}

fn the_key_may_come_in_a_header_and_must_not_contradict_the_field(engine: Engine) {
    let tower = TestTower::idle(engine);
    let client = tower.operator();
    let send = |key: &str, task: &Value| {
        let headers = [("content-type", "application/json"), ("idempotency-key", key)];
        client.call("POST", "/tasks/enqueue", &headers, task.to_string().as_bytes())
    };
    let first = send("h1", &survey_task()).expect(201);
    let again = send("h1", &survey_task());
    assert_eq!(again.expect(200)["task_id"], first["task_id"]);
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    assert_eq!(send("h1", &with("/idempotency_key", "h1".into())).expect(200)["task_id"], first["task_id"]);
    assert_eq!(client.post("/tasks/enqueue", &with("/idempotency_key", "h1".into())).status, 200);
    send("h1", &with("/idempotency_key", "h2".into())).problem(422, "INVALID_REQUEST");
}

fn a_key_of_another_task_is_refused_with_that_tasks_id(engine: Engine) {
    let tower = TestTower::idle(engine);
    let client = tower.operator();
    let id = client.enqueue(&with("/idempotency_key", "mine".into()));
    let mut other = with("/idempotency_key", "mine".into());
    other["objective"] = "something else".into();
    let problem = client.post("/tasks/enqueue", &other).problem(409, "IDEMPOTENCY_KEY_REUSED");
    assert_eq!(problem["task_id"], id.as_str());
}

fn every_refusal_of_the_gate_is_reachable(engine: Engine) {
    let tower = TestTower::idle(engine);
    let client = tower.operator();
    let constraints = |value: Value| with("/constraints", value);
    for (task, code) in [
        (with("/operation", "deploy".into()), "INVALID_OPERATION"),
        (with("/target/repo", "myorg-evil/x".into()), "REPO_NOT_ALLOWED"),
        (with("/target/repo", "no-owner".into()), "REPO_NOT_ALLOWED"),
        (constraints(json!({ "time_budget_seconds": 29 })), "TIME_BUDGET_TOO_LOW"),
        (constraints(json!({ "time_budget_seconds": 86_401 })), "TIME_BUDGET_TOO_HIGH"),
        (constraints(json!({ "allow_network": true })), "NETWORK_ACCESS_DENIED"),
        (constraints(json!({ "allow_secrets": true })), "SECRETS_ACCESS_DENIED"),
    ] {
        let problem = client.post("/tasks/enqueue", &task).problem(422, code);
        assert_eq!(problem["error"], "policy_violation");
    }
    assert_eq!(items(&client.get("/tasks").expect(200)).len(), 0);
}

fn every_violation_is_told_at_once(engine: Engine) {
    let tower = TestTower::with(engine, &Setup { worker: false, keyed: false, ..Setup::default() });
    let task = json!({
        "requested_by": { "kind": "robot", "id": "" },
        "objective": " abc ",
        "operation": "analysis",
        "target": { "repo": "myorg/app", "path": "../x" },
        "priority": 1,
    });
    let problem = tower.anonymous().post("/tasks/enqueue", &task).problem(422, "INVALID_TASK");
    let pointers: HashSet<&str> = problem["violations"]
        .as_array()
        .unwrap()
        .iter()
        .map(|violation| violation["pointer"].as_str().unwrap())
        .collect();
    let expected = ["/priority", "/requested_by/kind", "/requested_by/id", "/objective", "/target/path"];
    assert_eq!(pointers, HashSet::from(expected), "{problem}");
}

fn a_batch_takes_what_it_can(engine: Engine) {
    let tower = TestTower::idle(engine);
    let client = tower.operator();
    let tasks = json!({ "tasks": [
        with("/idempotency_key", "b1".into()),
        with("/target/repo", "other/app".into()),
        with("/idempotency_key", "b1".into()),
        with("/objective", "x".into()),
        survey_task(),
    ] });
    let answer = client.post("/tasks/enqueue/batch", &tasks);
    let results = answer.expect(200);
    let results = results.as_array().unwrap();
    let statuses: Vec<u64> = results.iter().map(|result| result["status"].as_u64().unwrap()).collect();
    assert_eq!(statuses, [201, 422, 200, 422, 201]);
    assert_eq!(results[0]["task_id"], results[2]["task_id"]);
    assert_eq!(results[1]["code"], "REPO_NOT_ALLOWED");
    assert_eq!(items(&client.get("/tasks").expect(200)).len(), 2);
}

fn parallel_enqueues_are_all_kept_in_the_order_of_their_ids(engine: Engine) {
    let tower = TestTower::idle(engine);
    let mut made: Vec<String> = std::thread::scope(|scope| {
        let callers: Vec<_> = (0..8)
            .map(|_| {
                let client = tower.operator();
                scope.spawn(move || (0..10).map(|_| client.enqueue(&survey_task())).collect::<Vec<_>>())
            })
            .collect();
        callers.into_iter().flat_map(|caller| caller.join().unwrap()).collect()
    });
    made.sort_unstable();
    made.reverse();
    let listed = items(&tower.operator().get("/tasks?limit=500").expect(200));
    let listed: Vec<&str> = listed.iter().map(|task| task["task_id"].as_str().unwrap()).collect();
    assert_eq!(listed, made);
}

fn the_trace_id_is_taken_or_made_and_told(engine: Engine) {
    let tower = TestTower::idle(engine);
    let client = tower.operator();
    let send = |trace: &str| {
        let headers = [("content-type", "application/json"), ("x-trace-id", trace)];
        client.call("POST", "/tasks/enqueue", &headers, survey_task().to_string().as_bytes())
    };
    let answer = send("my-trace.1");
    let id = answer.expect(201)["task_id"].as_str().unwrap().to_owned();
    assert_eq!(answer.header("x-trace-id"), Some("my-trace.1"));
    assert_eq!(client.task(&id)["trace_id"], "my-trace.1");
    for bad in ["", "with space", &"x".repeat(37), "slash/"] {
        assert_eq!(send(bad).status, 422, "{bad:?}");
    }
    let made = client.get("/health");
    assert!(made.header("x-trace-id").is_some_and(|id| (1..=36).contains(&id.len())));
}
