//! Resources, and what a key may see.

use jct_tests::{Engine, TestTower, on_both_engines, survey_task};
use serde_json::{Value, json};

use super::support::{ALL, Agent};

on_both_engines![tasks_traces_and_graphs_are_resources, resources_come_in_pages, a_key_may_do_what_its_scopes_say,];

fn tasks_traces_and_graphs_are_resources(engine: Engine) {
    let tower = TestTower::new(engine);
    let agent = Agent::new(&tower, "robin", &ALL);
    let id = tower.operator().enqueue(&survey_task());
    let task = tower.operator().wait_for(&id, &["completed"]);
    assert_eq!(
        agent.templates(),
        ["jct://tasks/{id}", "jct://tasks/{id}/trace", "jct://tasks/{id}/trace/{+path}", "jct://issues/{id}/graph"]
    );
    let read = |uri: &str| -> Value { serde_json::from_str(&agent.read(uri).unwrap()).unwrap() };
    assert_eq!(agent.resources(None).0, [format!("jct://tasks/{id}")]);
    assert_eq!(read(&format!("jct://tasks/{id}"))["result"], task["result"]);
    let trace = read(&format!("jct://tasks/{id}/trace"));
    let files = trace["files"].as_array().unwrap();
    assert!(!files.is_empty() && trace["manifest_digest"].is_string(), "{trace}");
    for file in files {
        let text = agent.read(file["uri"].as_str().unwrap()).unwrap();
        assert_eq!(json!(text.len()), file["size_bytes"], "{file}");
    }
    let issue = task["cwom_issue_id"].as_str().unwrap();
    let graph = read(&format!("jct://issues/{issue}/graph"));
    assert_eq!(graph, tower.operator().get(&format!("/cwom/issues/{issue}/graph")).expect(200));
    for nowhere in [
        format!("jct://tasks/{id}/trace/no-such-file"),
        format!("jct://tasks/{id}/trace/../../../etc/passwd"),
        format!("jct://issues/{id}/graph"),
        format!("jct://tasks/{issue}"),
        "jct://tasks/7".to_owned(),
        "file:///etc/passwd".to_owned(),
        String::new(),
    ] {
        let error = agent.read(&nowhere).unwrap_err().to_string();
        assert!(error.contains("no such resource"), "{nowhere}: {error}");
    }
}

fn resources_come_in_pages(engine: Engine) {
    let tower = TestTower::idle(engine);
    let agent = Agent::new(&tower, "robin", &ALL);
    let mut ids: Vec<String> =
        (0..53).map(|_| format!("jct://tasks/{}", agent.enqueue(json!({"create_cwom": false})))).collect();
    ids.reverse();
    let (mut first, next) = agent.resources(None);
    assert_eq!((first.len(), next.is_some()), (50, true));
    let (rest, end) = agent.resources(next);
    first.extend(rest);
    assert_eq!((first, end), (ids, None));
}

fn a_key_may_do_what_its_scopes_say(engine: Engine) {
    let tower = TestTower::idle(engine);
    let all = Agent::new(&tower, "all", &ALL);
    let id = all.enqueue(json!({}));
    let reader = Agent::new(&tower, "reader", &["tasks:read"]);
    assert_eq!(reader.call("jct_list_tasks", json!({}))["count"], 1);
    for (tool, arguments, scope) in [
        ("jct_claim_task", json!({"task_id": id}), "tasks:execute"),
        ("jct_heartbeat", json!({"task_id": id}), "tasks:execute"),
        (
            "jct_report_artifact",
            json!({"task_id": id, "title": "a", "artifact_type": "log", "content": "x"}),
            "tasks:execute",
        ),
        ("jct_complete_task", json!({"task_id": id, "success": true, "summary": "x"}), "tasks:execute"),
        ("jct_get_context", json!({"task_id": id}), "cwom:read"),
        ("jct_get_run", json!({"run_id": id}), "cwom:read"),
        ("jct_get_evidence", json!({"run_id": id}), "cwom:read"),
        ("jct_list_pending_reviews", json!({}), "cwom:read"),
        ("jct_get_audit_trail", json!({"entity_kind": "task", "entity_id": id}), "audit:read"),
        ("jct_submit_review", json!({"evidence_pack_id": id, "decision": "approved", "reason": "x"}), "reviews:decide"),
        ("jct_enqueue_task", json!({"objective": "say hello", "type": "docs", "repo": "myorg/app"}), "tasks:write"),
    ] {
        let told = reader.refused(tool, arguments, "FORBIDDEN");
        assert_eq!(told["required_scope"], scope, "{tool}");
    }
    let issue = all.call("jct_get_task", json!({"task_id": id}))["task"]["cwom_issue_id"].clone();
    let graph = format!("jct://issues/{}/graph", issue.as_str().unwrap());
    assert!(reader.read(&graph).unwrap_err().to_string().contains("cwom:read"));
    // A claim is a claim, and what its holder may not see stays hidden.
    let blind = Agent::new(&tower, "blind", &["tasks:execute"]);
    let claim = blind.call("jct_claim_task", json!({"task_id": id}));
    assert_eq!((&claim["issue"], claim["lease"]["fence"].is_string()), (&Value::Null, true));
    assert!(claim["context_withheld"].as_str().unwrap().contains("cwom:read"));
    // A key that no tool takes is not let in at all.
    let other = super::support::key(&tower, "other", &["queue:write"]);
    assert!(Agent::with_key(&tower, &other).is_err());
    assert!(Agent::with_key(&tower, "jctk_wrong").is_err());
}
