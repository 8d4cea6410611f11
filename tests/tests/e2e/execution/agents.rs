//! Coding agents: what they are told, and which of them run at all.

use jct_tests::{Engine, TestTower, on_both_engines, script_task};
use serde_json::{Value, json};

use super::support::{decide, ended, pending, reason, trace_file};

on_both_engines![
    an_agent_is_told_what_is_wanted_and_what_was_said_about_it,
    an_agent_that_needs_the_world_runs_only_where_it_is_enabled,
];

fn agent_task(agent: &str) -> Value {
    let mut task = script_task(&Value::Null);
    task["inputs"] = json!({ "executor": "agent", "agent": agent });
    task["acceptance_criteria"] = json!(["the guide is friendly"]);
    task
}

fn an_agent_is_told_what_is_wanted_and_what_was_said_about_it(engine: Engine) {
    let tower = TestTower::new(engine);
    let client = tower.operator();
    let task = ended(&client, &agent_task("scribe"));
    assert_eq!(task["status"], "completed", "{task}");
    let prompt = trace_file(&client, &task, "artifacts/prompt.md");
    assert!(prompt.contains("change the guide") && prompt.contains("the guide is friendly"), "{prompt}");
    // What the run was opened with is there too.
    assert!(prompt.contains("Initial context from JCT task"), "{prompt}");
    assert!(task["result"]["prompt_digest"].is_string(), "{task}");

    let reviewer = tower.reviewer("ada");
    let waiting = pending(&reviewer, task["task_id"].as_str().unwrap()).unwrap();
    let review = decide(&reviewer, &waiting, "needs_changes", "greet in German as well").expect(201);
    let next = review["follow_up_task_id"].as_str().unwrap();
    let follow_up = client.wait_for(next, &["completed", "failed"]);
    let prompt = trace_file(&client, &follow_up, "artifacts/prompt.md");
    assert!(prompt.contains("greet in German as well"), "{prompt}");
}

fn an_agent_that_needs_the_world_runs_only_where_it_is_enabled(engine: Engine) {
    let tower = TestTower::new(engine);
    let client = tower.operator();
    for (agent, word) in [("claude-code", "enable"), ("jules", "remote"), ("nobody", "no such agent")] {
        let task = ended(&client, &agent_task(agent));
        assert_eq!(reason(&client, &task), "INVALID_INPUT", "{task}");
        assert!(task["error"].as_str().unwrap().contains(word), "{task}");
    }
}
