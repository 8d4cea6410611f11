//! What these tests have in common.

use jct_tests::{Answer, Client, script_task};
use serde_json::{Value, json};

/// Steps that do what the task asks for.
pub(super) fn honest_steps() -> Value {
    json!([
        { "append": { "path": "docs/guide.md", "content": "Say hello first.\n" } },
        { "commit": { "message": "Guide: say hello" } },
        { "say": { "text": "the guide says hello" } }
    ])
}

/// A task with a criterion that one check decides, and evidence that the tower makes.
pub(super) fn checked_task(steps: &Value) -> Value {
    let mut task = script_task(steps);
    task["acceptance_criteria"] = json!(["the guide says hello"]);
    task["evidence_requirements"] = json!(["changes.patch"]);
    let check = json!({ "name": "hello", "command": ["grep", "-q", "hello", "docs/guide.md"], "criterion": 0 });
    task["inputs"]["checks"] = json!([check]);
    task
}

/// The graph of a task's issue.
pub(super) fn graph(client: &Client, task: &Value) -> Value {
    let issue = task["cwom_issue_id"].as_str().unwrap();
    client.get(&format!("/cwom/issues/{issue}/graph")).expect(200)
}

/// What waits for a review, of this task.
pub(super) fn pending(client: &Client, task_id: &str) -> Option<Value> {
    let page = client.get("/reviews/pending").expect(200);
    let waiting = page.as_array().unwrap();
    waiting.iter().find(|one| one["task_id"] == task_id).cloned()
}

/// A decision about what waits, as somebody makes it who has looked at it.
pub(super) fn decision(waiting: &Value, decision: &str, reason: &str) -> Value {
    json!({
        "for_evidence_pack": { "kind": "EvidencePack", "id": waiting["evidence_pack_id"] },
        "for_run": { "kind": "Run", "id": waiting["run_id"] },
        "for_issue": { "kind": "Issue", "id": waiting["issue_id"] },
        "decision": decision,
        "decision_reason": reason,
        "evidence_pack_digest": waiting["evidence_pack_digest"],
        "diff_digest": waiting["diff_digest"],
    })
}

/// Hands a task in, waits for its end, and gives what is known of it then.
pub(super) fn ended(client: &Client, task: &Value) -> Value {
    let id = client.enqueue(task);
    client.wait_for(&id, &["completed", "failed", "cancelled"])
}

/// The reason of a task's last attempt.
pub(super) fn reason(client: &Client, task: &Value) -> Value {
    let id = task["task_id"].as_str().unwrap();
    let attempts = client.get(&format!("/tasks/{id}/attempts")).expect(200);
    attempts.as_array().unwrap().last().unwrap()["reason"].clone()
}

/// A file of a task's trace, as text.
pub(super) fn trace_file(client: &Client, task: &Value, file: &str) -> String {
    client.get(&format!("/tasks/{}/trace/{file}", task["task_id"].as_str().unwrap())).text()
}

/// Decides.
pub(super) fn decide(client: &Client, waiting: &Value, what: &str, reason: &str) -> Answer {
    client.post("/cwom/reviews", &decision(waiting, what, reason))
}
