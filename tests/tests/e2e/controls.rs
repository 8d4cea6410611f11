//! Controls and agents from outside: what is stopped drains, what is killed ends, what is held says why it waits.

use jct_tests::{Client, Engine, TestTower, command_task, on_both_engines, survey_task};
use serde_json::{Value, json};

use crate::jobs::support::{call, claim, path, worker};

on_both_engines![
    an_agent_that_is_stopped_drains,
    a_kill_ends_what_runs_and_holds_what_waits,
    a_worker_over_http_is_held_too,
    a_limit_of_an_agent_is_kept_and_told,
    an_agent_outside_the_tower_is_killed_by_its_name,
    a_control_about_nobody_says_so,
    controls_are_for_those_who_may,
];

fn agent(client: &Client, name: &str) -> Value {
    client.get(&format!("/agents/{name}")).expect(200)
}

fn blockers(client: &Client, id: &str) -> Value {
    client.get(&format!("/tasks/{id}/explain")).expect(200)["blockers"].clone()
}

fn an_agent_that_is_stopped_drains(engine: Engine) {
    let tower = TestTower::new(engine);
    let client = tower.operator();
    let running = client.enqueue(&command_task("sleep 4; echo done"));
    let _running = client.wait_for(&running, &["running"]);
    assert_eq!(agent(&client, "worker-1")["status"], "running");
    let stopped = client.post("/agents/worker-1/stop", &json!({ "reason": "an upgrade" })).expect(200);
    assert_eq!(stopped, json!({ "status": "success", "message": "Agent worker-1 stopped" }));
    assert_eq!(client.post("/agents/worker-1/stop", &json!({})).status, 200, "twice is once");
    let waiting = client.enqueue(&survey_task());
    assert_eq!(agent(&client, "worker-1")["status"], "draining");
    let task = client.wait_for(&running, &["completed", "failed", "cancelled"]);
    assert_eq!(task["status"], "completed", "what ran goes on to its end: {task}");
    let held = agent(&client, "worker-1");
    assert_eq!((&held["status"], &held["tasks_completed"]), (&json!("stopped"), &json!(1)), "{held}");
    assert_eq!(held["held_by"].as_array().unwrap().len(), 1, "{held}");
    assert_eq!(client.task(&waiting)["status"], "queued");
    let why = blockers(&client, &waiting);
    assert_eq!((&why[0]["kind"], &why[0]["reason"]), (&json!("held_by_control"), &json!("an upgrade")), "{why}");
    let started = client.post("/agents/worker-1/start", &json!({})).expect(200);
    assert_eq!(started, json!({ "status": "success", "message": "Agent worker-1 started" }));
    let task = client.wait_for(&waiting, &["completed", "failed"]);
    assert_eq!(task["status"], "completed", "{task}");
}

fn a_kill_ends_what_runs_and_holds_what_waits(engine: Engine) {
    let tower = TestTower::new(engine);
    let client = tower.operator();
    let running = client.enqueue(&command_task("sleep 600"));
    let _running = client.wait_for(&running, &["running"]);
    let body = json!({ "scope": "repo", "value": "MyOrg/app", "mode": "kill", "reason": "it deletes things" });
    let control = client.post("/controls", &body).expect(201);
    assert_eq!((&control["value"], &control["active"]), (&json!("myorg/app"), &json!(true)), "{control}");
    let waiting = client.enqueue(&survey_task());
    let task = client.wait_for(&running, &["cancelled", "completed", "failed"]);
    assert_eq!(task["status"], "cancelled", "{task}");
    let id = control["id"].as_str().unwrap();
    let error = task["error"].as_str().unwrap();
    assert!(error.contains(id) && error.contains("it deletes things"), "{error}");
    assert_eq!(client.task(&waiting)["status"], "queued");
    assert_eq!(blockers(&client, &waiting)[0]["control_id"], control["id"]);
    assert_eq!(client.get("/controls?active=true").expect(200), json!([control]));
    let lifted = client.call("DELETE", &format!("/controls/{id}"), &[], b"").expect(200);
    assert_eq!((&lifted["active"], &lifted["lifted_by"]), (&json!(false), &json!("operator")), "{lifted}");
    assert_eq!(client.call("DELETE", &format!("/controls/{id}"), &[], b"").expect(200), lifted, "twice is once");
    assert_eq!(client.get(&format!("/controls/{id}")).expect(200), lifted);
    assert_eq!(client.get("/controls?active=true").expect(200), json!([]));
    let task = client.wait_for(&waiting, &["completed", "failed"]);
    assert_eq!(task["status"], "completed", "{task}");
}

fn a_worker_over_http_is_held_too(engine: Engine) {
    let tower = TestTower::idle(engine);
    let (client, remote) = (tower.operator(), worker(&tower, "remote-1"));
    assert_eq!(claim(&remote, &["survey"]), Value::Null);
    // It is known since it first asked for a job.
    assert_eq!(agent(&client, "remote-1")["type"], "worker");
    let waiting = client.enqueue(&survey_task());
    let _stopped = client.post("/agents/remote-1/stop", &json!({})).expect(200);
    assert_eq!(claim(&remote, &["survey"]), Value::Null);
    assert_eq!(claim(&worker(&tower, "remote-2"), &["survey"])["id"], json!(waiting));
    let second = client.enqueue(&survey_task());
    let _started = client.post("/agents/remote-1/start", &json!({})).expect(200);
    let job = claim(&remote, &["survey"]);
    assert_eq!(job["id"], json!(second));
    // A kill is heard by its next heartbeat.
    let body = json!({ "scope": "agent", "value": "remote-1", "mode": "kill", "reason": "gone wild" });
    let control = client.post("/controls", &body).expect(201);
    let beat = call(&job, json!({ "leaseSeconds": 30 }));
    let renewed = remote.post(&path(&second, "heartbeat"), &beat).expect(200);
    assert!(renewed["cancelRequestedAt"].is_string(), "{renewed}");
    let why = renewed["cancelReason"].as_str().unwrap();
    assert!(why.contains(control["id"].as_str().unwrap()) && why.contains("gone wild"), "{why}");
    client.post("/agents/remote-1/start", &json!({})).problem(409, "HELD_BY_CONTROL");
}

fn a_limit_of_an_agent_is_kept_and_told(engine: Engine) {
    let tower = TestTower::idle(engine);
    let (client, remote) = (tower.operator(), worker(&tower, "remote-1"));
    assert_eq!(claim(&remote, &["survey"]), Value::Null);
    let limit = |most: Value| client.patch("/agents/remote-1", &json!({ "max_concurrent_tasks": most }));
    assert_eq!(limit(json!(1)).expect(200)["max_concurrent_tasks"], 1);
    let (first, second) = (client.enqueue(&survey_task()), client.enqueue(&survey_task()));
    assert_eq!(claim(&remote, &["survey"])["id"], json!(first));
    assert_eq!(claim(&remote, &["survey"]), Value::Null);
    let why = blockers(&client, &second);
    assert_eq!((&why[0]["kind"], &why[0]["agent"]), (&json!("agent_full"), &json!("remote-1")), "{why}");
    assert_eq!(limit(Value::Null).expect(200)["max_concurrent_tasks"], Value::Null);
    assert_eq!(claim(&remote, &["survey"])["id"], json!(second));
    for bad in [json!(0), json!("1"), json!(1.5), json!(10_001), json!([])] {
        limit(bad).problem(422, "INVALID_REQUEST");
    }
    client.patch("/agents/remote-1", &json!({})).problem(422, "INVALID_REQUEST");
    client.patch("/agents/nobody", &json!({ "max_concurrent_tasks": 1 })).problem(404, "AGENT_NOT_FOUND");
    client.post("/agents/nobody%00/stop", &json!({})).problem(404, "AGENT_NOT_FOUND");
}

fn an_agent_outside_the_tower_is_killed_by_its_name(engine: Engine) {
    let tower = TestTower::idle(engine);
    let (client, robin) = (tower.operator(), tower.client("robin", &["tasks:read", "tasks:execute"]));
    let (held, next) = (client.enqueue(&survey_task()), client.enqueue(&survey_task()));
    let take = json!({ "status": "running" });
    let _taken = robin.patch(&format!("/tasks/{held}/status"), &take).expect(200);
    let kill = json!({ "scope": "agent", "value": "robin", "mode": "kill", "reason": "it runs wild" });
    let control = client.post("/controls", &kill).expect(201);
    let _ended = client.wait_for(&held, &["cancelled"]);
    robin.patch(&format!("/tasks/{next}/status"), &take).problem(409, "HELD_BY_CONTROL");
    let other = tower.client("marian", &["tasks:read", "tasks:execute"]);
    let _taken = other.patch(&format!("/tasks/{next}/status"), &take).expect(200);
    assert_eq!(control["mode"], "kill");
}

fn a_control_about_nobody_says_so(engine: Engine) {
    let tower = TestTower::idle(engine);
    let client = tower.operator();
    let set = |scope: &str, value: Value| {
        client.post("/controls", &json!({ "scope": scope, "value": value, "reason": "x" })).expect(201)
    };
    for name in ["remote-1", "worker:remote-1", "external:robin", "robin", "team:robin"] {
        let control = set("agent", json!(name));
        let warnings = control["warnings"].as_array().unwrap();
        assert_eq!((warnings.len(), &warnings[0]["code"]), (1, &json!("UNKNOWN_AGENT")), "{control}");
        assert!(warnings[0]["message"].as_str().unwrap().contains(name), "{control}");
        assert_eq!((&control["active"], &control["value"]), (&json!(true), &json!(name)), "it is in force");
        // It is said once, to whoever set it.
        let shown = client.get(&format!("/controls/{}", control["id"].as_str().unwrap())).expect(200);
        assert_eq!(shown.get("warnings"), None, "{shown}");
    }
    let _key = tower.client("robin", &["tasks:read"]);
    assert_eq!(claim(&worker(&tower, "remote-1"), &["survey"]), Value::Null);
    for name in ["remote-1", "worker:remote-1", "robin", "external:robin", "operator"] {
        assert_eq!(set("agent", json!(name)).get("warnings"), None, "{name}");
    }
    for name in ["executor:remote-1", "worker:robin", "external:remote-1"] {
        assert_eq!(set("agent", json!(name))["warnings"][0]["code"], "UNKNOWN_AGENT", "{name}");
    }
    assert_eq!(set("repo", json!("nobody/nothing")).get("warnings"), None);
    assert_eq!(set("all", Value::Null).get("warnings"), None);
}

fn controls_are_for_those_who_may(engine: Engine) {
    let tower = TestTower::idle(engine);
    let (reader, admin) = (tower.reader(), tower.client("admin", &["controls:write"]));
    let body = json!({ "scope": "all", "reason": "x" });
    reader.post("/controls", &body).problem(403, "FORBIDDEN");
    reader.post("/agents/x/stop", &json!({})).problem(403, "FORBIDDEN");
    reader.patch("/agents/x", &json!({ "max_concurrent_tasks": 1 })).problem(403, "FORBIDDEN");
    tower.anonymous().post("/controls", &body).problem(401, "UNAUTHORIZED");
    let control = admin.post("/controls", &body).expect(201);
    assert_eq!((&control["created_by"], &control["mode"]), (&json!("admin"), &json!("hold")), "{control}");
    let id = control["id"].as_str().unwrap();
    reader.call("DELETE", &format!("/controls/{id}"), &[], b"").problem(403, "FORBIDDEN");
    assert_eq!(reader.get(&format!("/controls/{id}")).status, 200);
    reader.get("/controls/nothing").problem(404, "CONTROL_NOT_FOUND");
    reader.get("/agents/nobody").problem(404, "AGENT_NOT_FOUND");
    let waiting = tower.operator().enqueue(&survey_task());
    let take = json!({ "status": "running" });
    let refused = tower.operator().patch(&format!("/tasks/{waiting}/status"), &take).problem(409, "HELD_BY_CONTROL");
    assert_eq!(refused["control_id"], control["id"]);
    let audited = tower.operator().get(&format!("/audit/control/{id}")).expect(200);
    assert!(audited.to_string().contains("admin"), "{audited}");
    assert_eq!(reader.get("/agents").expect(200), json!([]));
}
