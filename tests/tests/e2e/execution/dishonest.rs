//! Agents that lie, destroy, dawdle, ask, or write down secrets.

use jct_tests::{Engine, Setup, TestTower, on_both_engines};
use serde_json::{Value, json};

use super::support::{checked_task, ended, graph, honest_steps, pending, reason, trace_file};

on_both_engines![
    an_agent_that_lies_has_failed,
    an_agent_that_destroys_everything_destroys_its_copy_only,
    an_agent_over_its_budget_is_ended,
    an_agent_that_asks_is_ended,
    a_secret_is_found_and_goes_nowhere,
    an_analysis_that_changes_something_has_failed,
    work_outside_of_its_folder_is_told,
    what_metadata_asks_for_counts_for_nothing,
];

fn verdict(found: &Value) -> &Value {
    &found["evidence_packs"][0]["verdict"]
}

fn an_agent_that_lies_has_failed(engine: Engine) {
    let tower = TestTower::new(engine);
    let client = tower.operator();
    let task = ended(&client, &checked_task(&json!([{ "say": { "text": "all done, 12 passed, 0 failed" } }])));
    assert_eq!((&task["status"], reason(&client, &task)), (&json!("failed"), json!("PROOF_FAILED")), "{task}");
    assert!(task["result"].is_null() && task["error"].as_str().unwrap().contains("nothing was changed"), "{task}");
    let found = graph(&client, &task);
    assert_eq!(verdict(&found), "fail");
    assert_eq!((&found["issue"]["status"], &found["runs"][0]["status"]), (&json!("failed"), &json!("failed")));
    assert_eq!(pending(&client, task["task_id"].as_str().unwrap()), None, "there is nothing to approve");
    // What it did is there to be looked at; of work that was good, nothing is.
    assert_eq!(kept_because(&tower), ["the attempt ended with PROOF_FAILED"]);
    assert_eq!(ended(&client, &checked_task(&honest_steps()))["status"], "completed");
    assert_eq!(kept_because(&tower).len(), 1);
}

/// Why each workspace that is left is kept.
fn kept_because(tower: &TestTower) -> Vec<Value> {
    let workspaces = std::fs::read_dir(tower.folder().join("workspaces")).unwrap();
    let notes = workspaces.map(|workspace| std::fs::read(workspace.unwrap().path().join("workspace.json")).unwrap());
    notes.map(|note| serde_json::from_slice::<Value>(&note).unwrap()["kept_because"].clone()).collect()
}

fn an_agent_that_destroys_everything_destroys_its_copy_only(engine: Engine) {
    let tower = TestTower::new(engine);
    let client = tower.operator();
    let before = tower.repository().ask(&["for-each-ref"]);
    // Never the root: where a sandbox is broken, this must break nothing but its own folders.
    let outside = tempfile::tempdir().unwrap();
    std::fs::write(outside.path().join("kept"), "").unwrap();
    let targets = [outside.path(), tower.repository().path(), tower.folder()].map(|path| path.display().to_string());
    let rampage = format!("rm -rf {}; rm -rf .git ../* ~/*; rm -rf -- *; exit 0", targets.join(" "));
    let steps = json!([{ "run": { "command": ["sh", "-c", rampage], "may_fail": true } }]);
    let task = ended(&client, &checked_task(&steps));
    assert_eq!(task["status"], "failed", "{task}");
    assert_eq!(tower.repository().ask(&["for-each-ref"]), before);
    assert!(outside.path().join("kept").exists());
    assert!(tower.repository().path().join("docs/guide.md").exists());
    // The worker, its cache and its database are unharmed.
    assert_eq!(ended(&client, &checked_task(&honest_steps()))["status"], "completed");
}

fn an_agent_over_its_budget_is_ended(engine: Engine) {
    let tower = TestTower::with(engine, &Setup { min_budget: 1, ..Setup::default() });
    let client = tower.operator();
    let mut task = checked_task(&json!([{ "sleep": { "seconds": 600 } }]));
    task["constraints"] = json!({ "time_budget_seconds": 2 });
    let task = ended(&client, &task);
    assert_eq!((&task["status"], reason(&client, &task)), (&json!("failed"), json!("TIME_BUDGET_EXCEEDED")), "{task}");
    assert_eq!(verdict(&graph(&client, &task)), "fail");
}

fn an_agent_that_asks_is_ended(engine: Engine) {
    let tower = TestTower::new(engine);
    let client = tower.operator();
    let task = ended(&client, &checked_task(&json!([{ "ask": { "text": "Shall I go on? [y/n]" } }])));
    assert_eq!((&task["status"], reason(&client, &task)), (&json!("failed"), json!("NEEDS_INPUT")), "{task}");
}

fn a_secret_is_found_and_goes_nowhere(engine: Engine) {
    let tower = TestTower::new(engine);
    let client = tower.operator();
    // Put together here, so that nobody who scans this repository finds it.
    let secret = ["ghp", "_", "9fQ2mXv7Lk3TzR8bWc5Yd1", "HsNj6PgA4uEoK0"].concat();
    // And in the task, so that the task itself holds none.
    let command = "printf '%s_%s%s\\n' ghp 9fQ2mXv7Lk3TzR8bWc5Yd1 HsNj6PgA4uEoK0 | tee -a docs/guide.md; echo hello >> docs/guide.md";
    let task = ended(&client, &checked_task(&json!([{ "run": { "command": ["sh", "-c", command] } }])));
    assert_eq!((&task["status"], reason(&client, &task)), (&json!("failed"), json!("PROOF_FAILED")), "{task}");
    assert!(task["error"].as_str().unwrap().contains("secret"), "{task}");
    let id = task["task_id"].as_str().unwrap();
    let events = client.get(&format!("/tasks/{id}/events")).text();
    assert!(!events.contains(&secret), "{events}");
    for file in ["log.txt", "output.json", "events.jsonl", "artifacts/changes.patch"] {
        assert!(!trace_file(&client, &task, file).contains(&secret), "{file}");
    }
    client.get(&format!("/tasks/{id}/trace/artifacts/changes.bundle")).problem(404, "TRACE_NOT_FOUND");
    assert!(!graph(&client, &task).to_string().contains(&secret));
}

fn an_analysis_that_changes_something_has_failed(engine: Engine) {
    let tower = TestTower::new(engine);
    let client = tower.operator();
    let mut task = checked_task(&honest_steps());
    task["operation"] = "analysis".into();
    let task = ended(&client, &task);
    assert_eq!(reason(&client, &task), "PROOF_FAILED", "{task}");
}

fn work_outside_of_its_folder_is_told(engine: Engine) {
    let tower = TestTower::new(engine);
    let client = tower.operator();
    let mut task = checked_task(&json!([
        { "append": { "path": "guide.md", "content": "hello\n" } },
        { "append": { "path": "../LICENSE", "content": "and mine\n" } }
    ]));
    task["target"]["path"] = "docs".into();
    task["inputs"]["checks"][0]["command"] = json!(["grep", "-q", "hello", "guide.md"]);
    let task = ended(&client, &task);
    let found = graph(&client, &task);
    assert_eq!((&task["status"], verdict(&found)), (&json!("completed"), &json!("partial")), "{task}");
    assert!(found["evidence_packs"][0]["reasons"].to_string().contains("LICENSE"), "{found}");
}

/// Criteria, requirements and checks are those of the task: notes beside it neither add any, nor lift or decide one.
fn what_metadata_asks_for_counts_for_nothing(engine: Engine) {
    let tower = TestTower::new(engine);
    let client = tower.operator();
    let never = json!({ "name": "never", "command": ["false"], "criterion": 0 });
    let mut proven = checked_task(&honest_steps());
    proven["metadata"] = json!({
        "acceptance_criteria": ["the moon is full", "the tide is high"],
        "evidence_requirements": ["moon.png"],
        "checks": [never],
    });
    let task = ended(&client, &proven);
    let pack = &graph(&client, &task)["evidence_packs"][0];
    assert_eq!((&task["status"], &pack["verdict"]), (&json!("completed"), &json!("pass")), "{pack}");
    let criteria = pack["criteria_results"].as_array().unwrap();
    assert_eq!((criteria.len(), &criteria[0]["criterion"]), (1, &json!("the guide says hello")), "{pack}");
    assert!(!pack.to_string().contains("moon") && !pack.to_string().contains("never"), "{pack}");

    let always = json!({ "name": "always", "command": ["true"], "criterion": 0 });
    let mut unproven = checked_task(&honest_steps());
    unproven["inputs"]["checks"] = json!([]);
    unproven["evidence_requirements"] = json!(["moon.png"]);
    unproven["metadata"] = json!({
        "acceptance_criteria": [],
        "evidence_requirements": [],
        "checks": [always],
        "criteria_results": [{ "criterion": "the guide says hello", "index": 0, "status": "satisfied" }],
        "verdict": "pass",
    });
    let task = ended(&client, &unproven);
    let pack = &graph(&client, &task)["evidence_packs"][0];
    assert_eq!((&task["status"], &pack["verdict"]), (&json!("completed"), &json!("partial")), "{pack}");
    assert_eq!(pack["criteria_results"][0]["status"], "unverified", "{pack}");
    assert!(pack["reasons"].to_string().contains("moon.png"), "{pack}");
}
