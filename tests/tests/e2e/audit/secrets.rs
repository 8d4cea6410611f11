//! What never enters the log: keys, and what a task was given as input, unless it brings work objects.

use jct_tests::{Engine, OPERATOR_KEY, TestTower, command_task, on_both_engines};
use serde_json::{Value, json};

on_both_engines![no_key_enters_the_log, inputs_enter_it_only_with_the_work_objects_of_a_task,];

const INPUT: &str = "hunter2-is-not-a-good-password";

/// Every entry, as it is told and as it is stored: the text is the same.
fn whole_log(tower: &TestTower) -> String {
    let (client, mut text, mut path) = (tower.operator(), String::new(), "/audit?limit=500".to_owned());
    loop {
        let answer = client.get(&path);
        assert_eq!(answer.status, 200);
        text += &answer.text();
        let Some(cursor) = answer.header("x-next-cursor") else { return text };
        path = format!("/audit?limit=500&cursor={cursor}");
    }
}

/// A task that was given something, prints it, and ends.
fn ran(tower: &TestTower, query: &str) -> Value {
    let mut task = command_task(&format!("echo {INPUT}"));
    task["idempotency_key"] = format!("key{query}").into();
    let client = tower.operator();
    let made = client.post(&format!("/tasks/enqueue{query}"), &task).expect(201);
    client.wait_for(made["task_id"].as_str().unwrap(), &["completed", "failed"])
}

fn no_key_enters_the_log(engine: Engine) {
    let tower = TestTower::new(engine);
    let client = tower.operator();
    let key = json!({ "name": "ci", "kind": "agent", "scopes": ["tasks:read"] });
    let secret = client.post("/keys", &key).expect(201)["key"].as_str().unwrap().to_owned();
    assert_eq!(ran(&tower, "?create_cwom=true")["status"], "completed");
    assert_eq!(client.call("DELETE", "/keys/ci", &[], b"").status, 200);
    let log = whole_log(&tower);
    assert!(log.contains("\"api_key\"") && log.contains("\"completed\""), "the log is there");
    for hidden in [OPERATOR_KEY, &secret, secret.rsplit('_').next().unwrap()] {
        assert!(!log.contains(hidden), "{hidden} is in the log");
    }
}

fn inputs_enter_it_only_with_the_work_objects_of_a_task(engine: Engine) {
    let tower = TestTower::new(engine);
    assert_eq!(ran(&tower, "?create_cwom=false")["status"], "completed");
    assert!(!whole_log(&tower).contains(INPUT), "a task's entries carry digests only");
    let with = ran(&tower, "?create_cwom=true");
    assert_eq!(with["status"], "completed");
    let log: Vec<Value> = serde_json::from_str(&whole_log(&tower)).unwrap();
    let kinds: Vec<&str> = log
        .iter()
        .filter(|entry| entry.to_string().contains(INPUT))
        .map(|entry| entry["entity_kind"].as_str().unwrap())
        .collect();
    // As docs/audit.md warns.
    assert_eq!(kinds, ["ContextPacket"]);
}
