//! Working on a task: claim, heartbeat, artifacts, the end, and the review that follows.

use jct_tests::{Engine, TestTower, on_both_engines};
use serde_json::{Value, json};

use super::support::{ALL, Agent};

on_both_engines![
    an_agent_works_on_a_task_from_claim_to_review,
    a_task_without_work_objects_can_be_worked_on,
    of_two_agents_one_gets_the_task,
    what_failed_is_failed,
    only_the_holder_with_the_right_fence_writes,
    the_same_end_twice_is_one_end,
    nobody_approves_their_own_work,
    a_claim_survives_whoever_answered_it,
    whoever_claims_is_an_agent_of_the_tower,
];

fn an_agent_works_on_a_task_from_claim_to_review(engine: Engine) {
    let tower = TestTower::idle(engine);
    let (owner, agent) = (Agent::new(&tower, "owner", &ALL), Agent::new(&tower, "robin", &ALL));
    let id = owner.enqueue(json!({"acceptance_criteria": ["it greets"], "inputs": {"tone": "warm"}}));
    let claim = agent.call("jct_claim_task", json!({"task_id": id}));
    for member in ["run_id", "trace_id", "objective", "operation", "target", "constraints"] {
        assert!(!claim[member].is_null(), "{member}: {claim}");
    }
    assert_eq!(claim["issue"]["acceptance_criteria"], json!(["it greets"]));
    assert_eq!((&claim["inputs"]["tone"], &claim["issue"]["status"]), (&json!("warm"), &json!("running")));
    assert_eq!(claim["context_packet"]["kind"], "ContextPacket");
    assert_eq!(claim["constraint_snapshot"]["kind"], "ConstraintSnapshot");
    let (fence, run) = (&claim["lease"]["fence"], &claim["run_id"]);
    let beat = agent.call("jct_heartbeat", json!({"task_id": id, "fence": fence}));
    assert_eq!((&beat["lease"]["fence"], &beat["run_id"]), (fence, run));
    assert!(beat["lease"]["expires_at"].as_str() >= claim["lease"]["expires_at"].as_str());

    let report = agent.call(
        "jct_report_artifact",
        json!({
            "task_id": id, "fence": fence, "title": "What I did.md", "artifact_type": "report", "content": "# hello",
            "media_type": "text/markdown",
        }),
    );
    assert_eq!(
        (&report["run_id"], &report["type"], &report["title"]),
        (run, &json!("report"), &json!("What I did.md"))
    );
    let kept = tower.operator().get(report["uri"].as_str().unwrap());
    assert_eq!((kept.status, kept.text().as_str()), (200, "# hello"));
    let link = agent.call(
        "jct_report_artifact",
        json!({
            "task_id": id, "fence": fence, "title": "the pull request", "artifact_type": "pr",
            "uri": "https://example.org/pr/7",
        }),
    );
    assert_eq!(link["uri"], "https://example.org/pr/7");

    let end = agent.call(
        "jct_complete_task",
        json!({
            "task_id": id, "fence": fence, "success": true, "summary": "said hello", "outputs": "{\"files\": 1}",
        }),
    );
    assert_eq!(
        (&end["task_status"], &end["run_status"], &end["run_id"]),
        (&json!("completed"), &json!("under_review"), run)
    );
    // Nobody has looked at the work, and the verdict says so.
    assert_eq!(end["evidence_pack"]["verdict"], "partial", "{end}");
    assert!(end["evidence_pack"]["verdict_reason"].as_str().is_some_and(|reason| !reason.is_empty()), "{end}");
    assert_eq!(end["review"]["status"], "pending");
    let task = agent.call("jct_get_task", json!({"task_id": id}))["task"].clone();
    assert_eq!(task["result"], json!({"files": 1, "summary": "said hello"}));

    let shown = agent.call("jct_get_run", json!({"run_id": run}))["run"].clone();
    assert_eq!(
        (&shown["mode"], &shown["executor"]["actor"]["actor_id"]),
        (&json!("agent"), &json!("robin")),
        "{shown}"
    );
    let pack = &end["evidence_pack"]["id"];
    for id in [run, pack] {
        let found = agent.call("jct_get_evidence", json!({"run_id": id}))["evidence_pack"].clone();
        assert_eq!((&found["id"], &found["criteria_results"][0]["status"]), (pack, &json!("unverified")), "{found}");
    }
    let graph: Value = serde_json::from_str(
        &agent.read(&format!("jct://issues/{}/graph", claim["issue"]["id"].as_str().unwrap())).unwrap(),
    )
    .unwrap();
    assert_eq!(graph["artifacts"].as_array().unwrap().len(), 2, "{graph}");

    let reviewer = Agent::new(&tower, "critic", &ALL);
    let pending = reviewer.call("jct_list_pending_reviews", json!({}));
    let waiting = &pending["pending_reviews"][0];
    assert_eq!(
        (&waiting["evidence_pack_id"], &waiting["run_id"], &waiting["you_may_approve"]),
        (pack, run, &json!(true))
    );
    assert_eq!(waiting["issue_status"], "under_review");
    let decided = reviewer.call(
        "jct_submit_review",
        json!({
            "evidence_pack_id": pack, "decision": "approved", "reason": "I read it", "reviewer_name": "critic-7",
        }),
    );
    assert_eq!((&decided["run_id"], &decided["decision"]), (run, &json!("approved")));
    let review = agent.call("jct_get_run", json!({"run_id": run}))["run"]["review"].clone();
    assert_eq!((&review["id"], &review["reviewer"]["actor_id"]), (&decided["review_id"], &json!("critic")));
    assert_eq!((&review["tags"], &review["meta"]["reviewer_name"]), (&json!(["mcp-review"]), &json!("critic-7")));
    assert_eq!(reviewer.call("jct_list_pending_reviews", json!({}))["count"], 0);

    let trail = agent.call("jct_get_audit_trail", json!({"entity_kind": "task", "entity_id": id}));
    let actions: Vec<&str> =
        trail["entries"].as_array().unwrap().iter().map(|entry| entry["action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["status_changed", "artifact_added", "artifact_added", "status_changed", "created"]);
    assert_eq!(trail["entries"][0]["actor_id"], "robin");
}

fn a_task_without_work_objects_can_be_worked_on(engine: Engine) {
    let tower = TestTower::idle(engine);
    let agent = Agent::new(&tower, "robin", &ALL);
    let id = agent.enqueue(json!({"create_cwom": false}));
    let claim = agent.call("jct_claim_task", json!({"task_id": id}));
    for member in ["run_id", "issue", "context_packet", "constraint_snapshot"] {
        assert_eq!(claim.get(member), Some(&Value::Null), "{claim}");
    }
    let report = agent.call(
        "jct_report_artifact",
        json!({
            "task_id": id, "title": "log", "artifact_type": "log", "content": "all is well",
        }),
    );
    assert_eq!(report["run_id"], Value::Null);
    assert_eq!(tower.operator().get(report["uri"].as_str().unwrap()).text(), "all is well");
    let end =
        agent.call("jct_complete_task", json!({"task_id": id, "success": true, "summary": "done", "outputs": "plain"}));
    assert_eq!((&end["task_status"], &end["evidence_pack"]), (&json!("completed"), &Value::Null));
    assert_eq!(end["review"]["status"], "none");
    let task = agent.call("jct_get_task", json!({"task_id": id}))["task"].clone();
    assert_eq!(task["result"], json!({"raw": "plain", "summary": "done"}));
}

fn of_two_agents_one_gets_the_task(engine: Engine) {
    let tower = TestTower::idle(engine);
    let agents = [Agent::new(&tower, "one", &ALL), Agent::new(&tower, "other", &ALL)];
    for _ in 0..5 {
        let id = agents[0].enqueue(json!({}));
        let results: Vec<_> = std::thread::scope(|scope| {
            let claims = agents.each_ref().map(|agent| {
                let id = id.clone();
                scope.spawn(move || agent.try_call("jct_claim_task", json!({"task_id": id})).unwrap())
            });
            claims.into_iter().map(|claim| claim.join().unwrap()).collect()
        });
        let won = results.iter().filter(|result| result.is_error != Some(true)).count();
        assert_eq!(won, 1, "{results:?}");
        let lost = results.iter().find(|result| result.is_error == Some(true)).unwrap();
        assert_eq!(lost.structured_content.as_ref().unwrap()["error"]["code"], "TASK_ALREADY_CLAIMED");
    }
}

fn what_failed_is_failed(engine: Engine) {
    let tower = TestTower::idle(engine);
    let agent = Agent::new(&tower, "robin", &ALL);
    let id = agent.enqueue(json!({}));
    agent.call("jct_claim_task", json!({"task_id": id}));
    let end = agent.call(
        "jct_complete_task",
        json!({
            "task_id": id, "success": false, "summary": "I tried", "error_message": "there is no readme",
        }),
    );
    assert_eq!((&end["task_status"], &end["run_status"]), (&json!("failed"), &json!("failed")));
    assert_eq!(end["failure"], json!({"code": "AGENT_REPORTED_FAILURE", "message": "there is no readme"}));
    assert_eq!(end["review"]["status"], "none");
    let task = agent.call("jct_get_task", json!({"task_id": id}))["task"].clone();
    assert_eq!((&task["error"], &task["result"]), (&json!("there is no readme"), &Value::Null));
}

fn only_the_holder_with_the_right_fence_writes(engine: Engine) {
    let tower = TestTower::idle(engine);
    let (agent, thief) = (Agent::new(&tower, "robin", &ALL), Agent::new(&tower, "thief", &ALL));
    let id = agent.enqueue(json!({}));
    let end = |fence: Value| {
        let mut end = json!({"task_id": id, "success": true, "summary": "done"});
        if !fence.is_null() {
            end["fence"] = fence;
        }
        end
    };
    let artifact = |fence: Value| {
        let mut artifact = json!({"task_id": id, "title": "a", "artifact_type": "log", "content": "x"});
        if !fence.is_null() {
            artifact["fence"] = fence;
        }
        artifact
    };
    agent.refused("jct_complete_task", end(Value::Null), "NO_ACTIVE_CLAIM");
    agent.refused("jct_report_artifact", artifact(Value::Null), "NO_ACTIVE_CLAIM");
    agent.refused("jct_heartbeat", json!({"task_id": id}), "NO_ACTIVE_CLAIM");
    let fence = agent.call("jct_claim_task", json!({"task_id": id}))["lease"]["fence"].clone();
    agent.refused("jct_claim_task", json!({"task_id": id}), "TASK_ALREADY_CLAIMED");
    for sent in [Value::Null, fence.clone()] {
        thief.refused("jct_complete_task", end(sent.clone()), "TASK_ALREADY_CLAIMED");
        thief.refused("jct_report_artifact", artifact(sent), "TASK_ALREADY_CLAIMED");
    }
    thief.refused("jct_heartbeat", json!({"task_id": id, "fence": fence}), "TASK_ALREADY_CLAIMED");
    for (tool, arguments) in [
        ("jct_heartbeat", json!({"task_id": id, "fence": "1.99"})),
        ("jct_report_artifact", artifact(json!("1.99"))),
        ("jct_complete_task", end(json!("1.99"))),
    ] {
        let told = agent.refused(tool, arguments, "STALE_FENCE");
        assert_eq!(told["current_fence"], fence);
    }
    agent.refused("jct_heartbeat", json!({"task_id": id, "fence": "soon"}), "INVALID_PARAMETERS");
    // Whoever forgot the fence hears it again.
    assert_eq!(agent.call("jct_heartbeat", json!({"task_id": id}))["lease"]["fence"], fence);
    agent.call("jct_complete_task", end(fence));
    agent.refused("jct_heartbeat", json!({"task_id": id}), "TASK_NOT_RUNNING");
    agent.refused("jct_report_artifact", artifact(Value::Null), "TASK_NOT_RUNNING");
    agent.refused("jct_claim_task", json!({"task_id": id}), "TASK_NOT_QUEUED");
}

fn the_same_end_twice_is_one_end(engine: Engine) {
    let tower = TestTower::idle(engine);
    let (agent, other) = (Agent::new(&tower, "robin", &ALL), Agent::new(&tower, "other", &ALL));
    let id = agent.enqueue(json!({}));
    let fence = agent.call("jct_claim_task", json!({"task_id": id}))["lease"]["fence"].clone();
    let end = json!({"task_id": id, "fence": fence, "success": true, "summary": "done"});
    let first = agent.call("jct_complete_task", end.clone());
    let entries = agent.call("jct_get_audit_trail", json!({"entity_kind": "task", "entity_id": id}))["count"].clone();
    let again = agent.call("jct_complete_task", end.clone());
    assert_eq!((&first["repeated"], &again["repeated"]), (&json!(false), &json!(true)));
    assert_eq!((&first["run_id"], &first["evidence_pack"]), (&again["run_id"], &again["evidence_pack"]));
    other.refused("jct_complete_task", end, "TASK_NOT_RUNNING");
    let different = json!({"task_id": id, "fence": fence, "success": true, "summary": "done otherwise"});
    agent.refused("jct_complete_task", different, "TASK_NOT_RUNNING");
    let trail = agent.call("jct_get_audit_trail", json!({"entity_kind": "task", "entity_id": id}));
    assert_eq!(trail["count"], entries);
}

fn nobody_approves_their_own_work(engine: Engine) {
    let tower = TestTower::idle(engine);
    let (owner, agent) = (Agent::new(&tower, "owner", &ALL), Agent::new(&tower, "robin", &ALL));
    let id = owner.enqueue(json!({}));
    agent.call("jct_claim_task", json!({"task_id": id}));
    let end = agent.call("jct_complete_task", json!({"task_id": id, "success": true, "summary": "done"}));
    let review = |decision: &str| {
        json!({
            "evidence_pack_id": end["evidence_pack"]["id"], "decision": decision, "reason": "fine",
            // Whatever it calls itself.
            "reviewer_name": "somebody else",
        })
    };
    agent.refused("jct_submit_review", review("approved"), "OWN_WORK");
    owner.refused("jct_submit_review", review("approved"), "OWN_WORK");
    let waiting = agent.call("jct_list_pending_reviews", json!({}))["pending_reviews"][0].clone();
    assert_eq!((&waiting["you_may_approve"], waiting["why_not"].is_string()), (&json!(false), true), "{waiting}");
    let critic = Agent::new(&tower, "critic", &ALL);
    critic.refused("jct_submit_review", review("maybe"), "INVALID_DECISION");
    let sent_back = critic.call("jct_submit_review", review("needs_changes"));
    let next = sent_back["follow_up_task_id"].as_str().unwrap();
    assert_eq!(critic.call("jct_get_task", json!({"task_id": next}))["task"]["inputs"]["review"]["reason"], "fine");
    owner.refused("jct_submit_review", review("approved"), "ALREADY_REVIEWED");
}

fn a_claim_survives_whoever_answered_it(engine: Engine) {
    let tower = TestTower::idle(engine);
    let key = super::support::key(&tower, "robin", &ALL);
    let first = Agent::with_key(&tower, &key).unwrap();
    let id = first.enqueue(json!({}));
    let fence = first.call("jct_claim_task", json!({"task_id": id}))["lease"]["fence"].clone();
    drop(first);
    // Nothing but the key and the fence makes it the same agent.
    let second = Agent::with_key(&tower, &key).unwrap();
    let end =
        second.call("jct_complete_task", json!({"task_id": id, "fence": fence, "success": true, "summary": "done"}));
    assert_eq!(end["task_status"], "completed");
}

fn whoever_claims_is_an_agent_of_the_tower(engine: Engine) {
    let tower = TestTower::idle(engine);
    let (operator, agent) = (tower.operator(), Agent::new(&tower, "robin", &ALL));
    operator.get("/agents/robin").problem(404, "AGENT_NOT_FOUND");
    let id = agent.enqueue(json!({}));
    agent.call("jct_claim_task", json!({"task_id": id}));
    let shown = operator.get("/agents/robin").expect(200);
    assert_eq!((&shown["type"], &shown["status"]), (&json!("external"), &json!("running")), "{shown}");

    assert_eq!(operator.patch("/agents/robin", &json!({"max_concurrent_tasks": 1})).status, 200);
    let next = agent.enqueue(json!({}));
    let refused = agent.refused("jct_claim_task", json!({"task_id": next}), "AGENT_FULL");
    assert_eq!(refused["limit"], 1, "{refused}");
    agent.call("jct_complete_task", json!({"task_id": id, "success": true, "summary": "done"}));
    assert_eq!(operator.post("/agents/robin/stop", &json!({})).status, 200);
    agent.refused("jct_claim_task", json!({"task_id": next}), "HELD_BY_CONTROL");
    assert_eq!(operator.post("/agents/robin/start", &json!({})).status, 200);
    agent.call("jct_claim_task", json!({"task_id": next}));
    let shown = operator.get("/agents/robin").expect(200);
    assert_eq!((&shown["tasks_completed"], &shown["health"]), (&json!(1), &json!("healthy")), "{shown}");
}
