//! Handing tasks in, and looking at them.

use jct_tests::{Engine, TestTower, on_both_engines};
use serde_json::{Value, json};

use super::support::{ALL, Agent};

on_both_engines![
    every_tool_is_there_with_a_closed_schema,
    flat_and_nested_parameters_mean_the_same,
    a_priority_decides_who_is_first,
    what_the_gate_refuses_is_refused_with_its_code,
    the_same_key_twice_is_one_task,
    tasks_are_listed_and_shown,
];

const NAMES: [&str; 13] = [
    "jct_list_tasks",
    "jct_claim_task",
    "jct_get_context",
    "jct_heartbeat",
    "jct_report_artifact",
    "jct_complete_task",
    "jct_get_task",
    "jct_get_run",
    "jct_get_evidence",
    "jct_get_audit_trail",
    "jct_submit_review",
    "jct_list_pending_reviews",
    "jct_enqueue_task",
];

fn every_tool_is_there_with_a_closed_schema(engine: Engine) {
    let tower = TestTower::idle(engine);
    let tools = Agent::new(&tower, "robin", &["tasks:read"]).tools();
    let names: Vec<&str> = tools.iter().map(|tool| tool.name.as_ref()).collect();
    assert_eq!(names, NAMES);
    for tool in &tools {
        let schema = Value::Object((*tool.input_schema).clone());
        assert_eq!((&schema["type"], &schema["additionalProperties"]), (&json!("object"), &json!(false)), "{schema}");
        assert!(tool.description.as_deref().is_some_and(|description| description.len() > 40), "{}", tool.name);
        let named = schema["properties"].as_object().unwrap();
        assert!(!named.contains_key("kwargs"), "{schema}");
        for (name, property) in named {
            assert!(property["description"].is_string() || property["$ref"].is_string(), "{}.{name}", tool.name);
        }
    }
    let enqueue = &tools[12].input_schema;
    assert_eq!(enqueue["required"], json!(["objective"]));
    assert_eq!(tools[0].input_schema["properties"]["status"]["default"], "queued");
    assert_eq!(tools[0].input_schema["properties"]["limit"]["default"], 10);
    assert_eq!(tools[9].input_schema["properties"]["limit"]["default"], 50);
}

fn flat_and_nested_parameters_mean_the_same(engine: Engine) {
    let tower = TestTower::idle(engine);
    let agent = Agent::new(&tower, "robin", &ALL);
    let flat = json!({
        "objective": "say hello", "operation": "docs", "target_repo": "myorg/app", "target_ref": "next",
        "target_path": "docs", "time_budget_seconds": 120, "acceptance_criteria": ["it greets"],
        "evidence_requirements": ["a picture"], "context_summary": "the readme is new",
    });
    let nested = json!({
        "objective": "say hello", "type": "docs", "target": {"repo": "myorg/app", "ref": "next", "path": "docs"},
        "constraints": {"time_budget_seconds": 120}, "acceptance_criteria": ["it greets"],
        "evidence_requirements": ["a picture"], "context_summary": "the readme is new", "create_cwom": true,
    });
    let made = [flat, nested].map(|task| agent.call("jct_enqueue_task", task));
    for answer in &made {
        assert_eq!((&answer["status"], answer["trace_id"].is_string()), (&json!("queued"), true), "{answer}");
        for object in ["repo_id", "issue_id", "context_packet_id", "constraint_snapshot_id"] {
            assert!(answer["cwom"][object].is_string(), "{answer}");
        }
    }
    let tasks = made.map(|answer| tower.operator().task(answer["task_id"].as_str().unwrap()));
    for member in ["objective", "operation", "target", "constraints", "inputs", "acceptance_criteria", "requested_by"] {
        assert_eq!(tasks[0][member], tasks[1][member], "{member}");
    }
    assert_eq!(tasks[0]["target"], json!({"repo": "myorg/app", "ref": "next", "path": "docs"}));
    assert_eq!(tasks[0]["evidence_requirements"], json!(["a picture"]));
    assert_eq!(tasks[0]["inputs"]["context_summary"], "the readme is new");
    assert_eq!(tasks[0]["requested_by"], json!({"kind": "agent", "id": "robin", "label": "MCP"}));
    assert_eq!(tasks[0]["submitted_by"]["name"], "robin");
    let plain = agent.call(
        "jct_enqueue_task",
        json!({
            "objective": "say hello", "type": "docs", "repo": "myorg/app", "create_cwom": false,
        }),
    );
    assert!(plain.get("cwom").is_none(), "{plain}");
    let task = tower.operator().task(plain["task_id"].as_str().unwrap());
    assert_eq!((&task["constraints"]["time_budget_seconds"], &task["cwom_issue_id"]), (&json!(3600), &Value::Null));
}

fn a_priority_decides_who_is_first(engine: Engine) {
    let tower = TestTower::idle(engine);
    let agent = Agent::new(&tower, "robin", &ALL);
    let inputs = json!({"executor": "manual"});
    let [late, usual, first] =
        ["P3", "P2", "P0"].map(|priority| agent.enqueue(json!({"priority": priority, "inputs": inputs})));
    let token =
        tower.operator().post("/api/queue/workers/tokens", &json!({"workerId": "w", "capabilities": ["manual"]}));
    let token = token.expect(201)["token"].as_str().unwrap().to_owned();
    let worker = jct_tests::Client::new(tower.base(), Some(&token));
    let taken = worker.post("/api/queue/jobs/claim", &json!({"limit": 3})).expect(200).to_string();
    let place = |id: &str| taken.find(id).unwrap_or(usize::MAX);
    assert!(place(&first) < place(&usual) && place(&usual) < place(&late), "{taken}");
    agent.refused(
        "jct_enqueue_task",
        json!({
            "objective": "say hello", "type": "docs", "repo": "myorg/app", "priority": "urgent",
        }),
        "INVALID_PARAMETERS",
    );
}

fn what_the_gate_refuses_is_refused_with_its_code(engine: Engine) {
    let tower = TestTower::idle(engine);
    let agent = Agent::new(&tower, "robin", &ALL);
    let task = |more: Value| {
        let mut task = json!({"objective": "say hello", "operation": "docs", "target_repo": "myorg/app"});
        task.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        task
    };
    for (more, code) in [
        (json!({"allow_network": true}), "NETWORK_ACCESS_DENIED"),
        (json!({"constraints": {"allow_secrets": true}}), "SECRETS_ACCESS_DENIED"),
        (json!({"target_repo": "other/app"}), "REPO_NOT_ALLOWED"),
        (json!({"time_budget_seconds": 1}), "TIME_BUDGET_TOO_LOW"),
        (json!({"time_budget_seconds": 90_000}), "TIME_BUDGET_TOO_HIGH"),
        (json!({"operation": "deploy"}), "INVALID_OPERATION"),
        (json!({"objective": "hm"}), "INVALID_PARAMETERS"),
        (json!({"kwargs": "{}"}), "INVALID_PARAMETERS"),
        (json!({"type": "ops"}), "INVALID_PARAMETERS"),
        (json!({"ref": "a", "target": {"ref": "b"}}), "INVALID_PARAMETERS"),
    ] {
        agent.refused("jct_enqueue_task", task(more), code);
    }
    let told = agent.refused("jct_enqueue_task", task(json!({"target_repo": "other/app"})), "REPO_NOT_ALLOWED");
    assert!(!told.to_string().contains("myorg"), "what is allowed is for those who may read the policy: {told}");
    assert_eq!(agent.call("jct_list_tasks", json!({}))["count"], 0);
}

fn the_same_key_twice_is_one_task(engine: Engine) {
    let tower = TestTower::idle(engine);
    let agent = Agent::new(&tower, "robin", &ALL);
    let first = agent.enqueue(json!({"idempotency_key": "once"}));
    assert_eq!(agent.enqueue(json!({"idempotency_key": "once"})), first);
    let other = json!({"objective": "say bye", "type": "docs", "repo": "myorg/app", "idempotency_key": "once"});
    let told = agent.refused("jct_enqueue_task", other, "IDEMPOTENCY_CONFLICT");
    assert_eq!(told["task_id"], json!(first));
    let reserved = json!({"objective": "say bye", "type": "docs", "repo": "myorg/app", "idempotency_key": "jct:once"});
    let told = agent.refused("jct_enqueue_task", reserved, "INVALID_PARAMETERS");
    assert_eq!(told["violations"][0]["pointer"], "/idempotency_key", "{told}");
}

fn tasks_are_listed_and_shown(engine: Engine) {
    let tower = TestTower::idle(engine);
    let agent = Agent::new(&tower, "robin", &ALL);
    let ids: Vec<String> = (0..3).map(|_| agent.enqueue(json!({}))).collect();
    let listed = agent.call("jct_list_tasks", json!({"limit": 2}));
    assert_eq!(listed["count"], 2);
    assert_eq!(listed["tasks"][0]["task_id"], json!(ids[2]));
    let task = &listed["tasks"][0];
    for member in [
        "operation",
        "objective",
        "target_repo",
        "target_ref",
        "status",
        "time_budget_seconds",
        "queued_at",
        "cwom_issue_id",
    ] {
        assert!(!task[member].is_null(), "{member}: {task}");
    }
    assert_eq!(agent.call("jct_list_tasks", json!({"operation": "ops"}))["count"], 0);
    assert_eq!(agent.call("jct_list_tasks", json!({"status": "completed"}))["count"], 0);
    let shown = agent.call("jct_get_task", json!({"task_id": ids[0]}))["task"].clone();
    let mut rest = tower.operator().task(&ids[0]);
    // Those show who asks under another name.
    for task in [&shown, &rest] {
        assert_eq!(task["submitted_by"]["name"], "robin");
    }
    let (shown, rest) = (shown.as_object().unwrap(), rest.as_object_mut().unwrap());
    rest.retain(|name, _| name != "submitted_by");
    for (name, value) in rest {
        assert_eq!(shown.get(name.as_str()), Some(&*value), "{name}");
    }
    let context = agent.call("jct_get_context", json!({"task_id": ids[0]}));
    assert_eq!(context["issue"]["type"], "doc");
    assert_eq!(context["context_packet"]["kind"], "ContextPacket");
    assert_eq!(context["constraint_snapshot"]["kind"], "ConstraintSnapshot");
    assert_eq!(context["doctrine_refs"], json!([]));
}
