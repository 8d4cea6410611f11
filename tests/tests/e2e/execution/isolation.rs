//! Levels: what a task insists on, what a worker gives.

use jct_exec::sandbox::IsolationLevel;
use jct_tests::{Engine, Setup, TestTower, command_task, on_both_engines};
use serde_json::{Value, json};

use super::support::{ended, reason};

on_both_engines![
    a_task_that_insists_on_more_is_left_alone_and_explained,
    a_network_of_its_own_is_left_to_those_who_can_give_it,
    a_run_says_how_it_was_isolated,
    a_limit_that_is_reached_is_the_reason,
    loopback_is_for_those_who_ask,
    an_unknown_level_is_refused_at_the_door,
];

fn a_task_that_insists_on_more_is_left_alone_and_explained(engine: Engine) {
    let tower = TestTower::with(engine, &Setup { level: Some(IsolationLevel::L2), ..Setup::default() });
    let client = tower.operator();
    let mut task = command_task("true");
    task["inputs"]["isolation"] = "L3".into();
    let waits = client.enqueue(&task);
    task["inputs"]["isolation"] = "L2".into();
    assert_eq!(ended(&client, &task)["status"], "completed", "what came later and asks for less is not held up");
    assert_eq!(client.task(&waits)["status"], "queued");
    let explained = client.get(&format!("/tasks/{waits}/explain")).expect(200).to_string();
    assert!(explained.contains("L3") && explained.contains("L2"), "{explained}");
}

fn a_network_of_its_own_is_left_to_those_who_can_give_it(engine: Engine) {
    let tower = TestTower::with(engine, &Setup { level: Some(IsolationLevel::L2), ..Setup::default() });
    let client = tower.operator();
    let mut task = command_task("true");
    task["inputs"]["network"] = "local".into();
    task["inputs"]["isolation"] = "L1".into();
    let waits = client.enqueue(&task);
    task["inputs"]["network"] = "none".into();
    assert_eq!(ended(&client, &task)["status"], "completed", "what came later and asks for less is not held up");
    assert_eq!(client.task(&waits)["status"], "queued");
    let explained = client.get(&format!("/tasks/{waits}/explain")).expect(200);
    let blocker = &explained["blockers"][0];
    assert_eq!((&blocker["kind"], &blocker["needed"]), (&json!("isolation_unavailable"), &json!("L3")), "{explained}");
}

fn a_run_says_how_it_was_isolated(engine: Engine) {
    let tower = TestTower::with(engine, &Setup { level: Some(IsolationLevel::L1), ..Setup::default() });
    let client = tower.operator();
    let mut asks = command_task("true");
    let said = |task: &Value| task["result"]["isolation"]["minimum"].clone();
    assert_eq!(said(&ended(&client, &asks)), "L0", "it asks for nothing");
    asks["inputs"]["isolation"] = "L1".into();
    let task = ended(&client, &asks);
    assert_eq!(said(&task), "L1", "{task}");
    let isolation = &task["result"]["isolation"];
    assert_eq!((&isolation["requested"], &isolation["effective"]), (&json!("L1"), &json!("L1")), "{task}");
    assert_eq!((&isolation["seccomp"], &isolation["network"]), (&json!(true), &json!("none")), "{task}");
    let workers = client.get("/workers").expect(200);
    assert_eq!(workers[0]["isolation"], "L1", "{workers}");
}

fn a_limit_that_is_reached_is_the_reason(engine: Engine) {
    let tower = TestTower::new(engine);
    let client = tower.operator();
    // More than one file may hold, though not a byte of it is written.
    let task = ended(&client, &command_task("truncate -s 3G large"));
    assert_eq!(reason(&client, &task), "FILE_SIZE_LIMIT_EXCEEDED", "{task}");
    assert!(task["error"].as_str().unwrap().contains("file_size"), "{task}");
}

fn loopback_is_for_those_who_ask(engine: Engine) {
    let tower = TestTower::new(engine);
    let client = tower.operator();
    // By its whole path: what a search finds first may be a stand-in that works for this user alone.
    let python = "/usr/bin/python3";
    let script = "import socket; s = socket.socket(); s.bind(('127.0.0.1', 0)); s.listen(); \
                  socket.create_connection(s.getsockname()); print('connected')";
    let mut task = command_task("");
    task["inputs"]["command"] = json!([python, "-c", script]);
    let refused = ended(&client, &task);
    if reason(&client, &refused) == "INVALID_INPUT" {
        // No Python here: the escape matrix tries the same with a program of its own.
        return;
    }
    assert_eq!(reason(&client, &refused), "COMMAND_FAILED", "{refused}");
    if client.get("/workers").expect(200)[0]["isolation"] != "L3" {
        // It would wait for a worker that can give it.
        return;
    }
    task["inputs"]["network"] = "local".into();
    let task = ended(&client, &task);
    assert_eq!(task["status"], "completed", "{task}");
}

fn an_unknown_level_is_refused_at_the_door(engine: Engine) {
    let tower = TestTower::idle(engine);
    let client = tower.operator();
    let mut task = command_task("true");
    task["inputs"]["isolation"] = "L9".into();
    let problem = client.post("/tasks/enqueue", &task);
    assert!(problem.text().contains("INVALID_ISOLATION"), "{}", problem.text());
}
