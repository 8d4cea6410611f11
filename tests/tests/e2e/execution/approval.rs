//! Who may approve, what an approval holds for, and what follows a decision.

use jct_tests::{Engine, Setup, TestTower, on_both_engines};
use serde_json::{Value, json};

use super::support::{checked_task, decide, decision, ended, graph, honest_steps, pending};

on_both_engines![
    nobody_approves_their_own_work,
    a_tower_of_one_person_may_lift_that_and_the_review_says_so,
    an_approval_holds_for_what_was_seen,
    a_changed_diff_is_not_pushed,
    needs_changes_makes_a_task_that_knows_why,
    work_that_was_ended_from_outside_waits_too,
    no_agent_approves_its_own_work,
];

/// Work that waits, with its task.
fn waiting(tower: &TestTower) -> (Value, Value) {
    let client = tower.operator();
    let task = ended(&client, &checked_task(&honest_steps()));
    let waiting = pending(&client, task["task_id"].as_str().unwrap()).unwrap();
    (task, waiting)
}

fn nobody_approves_their_own_work(engine: Engine) {
    let tower = TestTower::new(engine);
    let (_, waiting) = waiting(&tower);
    assert_eq!(waiting["you_may_decide"], false, "{waiting}");
    decide(&tower.operator(), &waiting, "approved", "mine").problem(403, "OWN_WORK");
    let reader = tower.client("looker", &["cwom:read", "tasks:read"]);
    assert_eq!(decide(&reader, &waiting, "approved", "not allowed").status, 403);
    let _done = decide(&tower.reviewer("ada"), &waiting, "approved", "not mine").expect(201);
    decide(&tower.reviewer("bob"), &waiting, "rejected", "too late").problem(409, "ALREADY_REVIEWED");
}

fn a_tower_of_one_person_may_lift_that_and_the_review_says_so(engine: Engine) {
    let tower = TestTower::with(engine, &Setup { self_approval: true, ..Setup::default() });
    let (_, waiting) = waiting(&tower);
    let review = decide(&tower.operator(), &waiting, "approved", "I am alone here").expect(201);
    assert_eq!(review["self_review"], true, "{review}");
}

fn an_approval_holds_for_what_was_seen(engine: Engine) {
    let tower = TestTower::new(engine);
    let (_, waiting) = waiting(&tower);
    let reviewer = tower.reviewer("ada");
    let good = decision(&waiting, "approved", "fine");
    let other = format!("sha256:{}", "0".repeat(64));
    for digest in ["evidence_pack_digest", "diff_digest"] {
        let mut stale = good.clone();
        stale[digest] = other.as_str().into();
        reviewer.post("/cwom/reviews", &stale).problem(409, "EVIDENCE_CHANGED");
    }
    // Two pieces of work, mixed up.
    let (_, second) = self::waiting(&tower);
    let mut mixed = good.clone();
    mixed["for_run"]["id"] = second["run_id"].clone();
    assert_eq!(reviewer.post("/cwom/reviews", &mixed).status, 422);
    let mut silent = good.clone();
    silent["decision_reason"] = "  ".into();
    assert_eq!(reviewer.post("/cwom/reviews", &silent).status, 422);
    let _done = reviewer.post("/cwom/reviews", &good).expect(201);
}

fn a_changed_diff_is_not_pushed(engine: Engine) {
    let tower = TestTower::new(engine);
    let (task, waiting) = waiting(&tower);
    let reviewer = tower.reviewer("ada");
    let _done = decide(&reviewer, &waiting, "approved", "fine").expect(201);
    let id = task["task_id"].as_str().unwrap();
    let patch = tower.traces().join(id).join("attempt-1/artifacts/changes.patch");
    let changed = std::fs::read_to_string(&patch).unwrap().replace("hello", "goodbye");
    std::fs::write(&patch, changed).unwrap();
    let run = waiting["run_id"].as_str().unwrap();
    reviewer.post(&format!("/runs/{run}/push"), &json!({})).problem(409, "APPROVAL_VOID");
    assert_eq!(tower.repository().ask(&["branch", "--list", "jct/*"]), "");
}

fn needs_changes_makes_a_task_that_knows_why(engine: Engine) {
    let tower = TestTower::new(engine);
    let (task, waiting) = waiting(&tower);
    let reviewer = tower.reviewer("ada");
    let review = decide(&reviewer, &waiting, "needs_changes", "say it in German too").expect(201);
    let next = review["follow_up_task_id"].as_str().unwrap().to_owned();
    let client = tower.operator();
    let follow_up = client.wait_for(&next, &["completed", "failed"]);
    assert!(follow_up["inputs"].to_string().contains("say it in German too"), "{follow_up}");
    assert_eq!(follow_up["cwom_issue_id"], task["cwom_issue_id"]);
    let found = graph(&client, &task);
    assert_eq!(found["runs"].as_array().unwrap().len(), 2, "{found}");
    assert!(found["context_packets"].to_string().contains("say it in German too"), "{found}");
    let again = pending(&reviewer, &next).unwrap();
    let _done = decide(&reviewer, &again, "rejected", "still not").expect(201);
    let found = graph(&client, &task);
    assert_eq!(found["issue"]["status"], "failed", "{found}");
}

fn work_that_was_ended_from_outside_waits_too(engine: Engine) {
    let tower = TestTower::idle(engine);
    let client = tower.operator();
    let id = client.enqueue(&checked_task(&honest_steps()));
    let path = format!("/tasks/{id}/status");
    let taken = client.patch(&path, &json!({ "status": "running", "assigned_to": "jules" })).expect(200);
    let ended = json!({ "status": "completed", "fence": taken["lease"]["fence"], "result": { "tests": "all pass" } });
    let _done = client.patch(&path, &ended).expect(200);
    let waiting = pending(&client, &id).unwrap();
    assert_eq!(waiting["verdict"], "partial", "{waiting}");
    let run = waiting["run_id"].as_str().unwrap();
    let reviewer = tower.reviewer("ada");
    let _done = decide(&reviewer, &waiting, "approved", "seen elsewhere").expect(201);
    reviewer.get(&format!("/runs/{run}/diff")).problem(404, "NO_CHANGES");
}

/// An agent with a key of its own, under the name that the task or the holder calls it by.
fn no_agent_approves_its_own_work(engine: Engine) {
    let tower = TestTower::with(engine, &Setup { self_approval: true, worker: false, ..Setup::default() });
    let ops = tower.operator();
    let mut task = checked_task(&honest_steps());
    task["inputs"] = json!({ "executor": "agent", "agent": "scribe" });
    let id = ops.enqueue(&task);
    let path = format!("/tasks/{id}/status");
    let taken = ops.patch(&path, &json!({ "status": "running", "assigned_to": "Jules" })).expect(200);
    let ended = json!({ "status": "completed", "fence": taken["lease"]["fence"], "result": {} });
    let _done = ops.patch(&path, &ended).expect(200);
    for (name, role) in [("scribe", "agent"), ("jules", "assignee")] {
        let agent = tower.reviewer(name);
        let waiting = pending(&agent, &id).unwrap();
        assert_eq!(waiting["you_may_decide"], false, "{waiting}");
        assert!(waiting["why_not"].as_str().unwrap().contains(role), "{waiting}");
        let problem = decide(&agent, &waiting, "approved", "mine").problem(403, "OWN_WORK");
        assert_eq!(problem["role"], role, "{problem}");
    }
    let waiting = pending(&ops, &id).unwrap();
    decide(&ops, &waiting, "approved", "held it").problem(403, "OWN_WORK");
    let reviewer = tower.reviewer("ada");
    let _done = decide(&reviewer, &pending(&reviewer, &id).unwrap(), "approved", "not mine").expect(201);
}
