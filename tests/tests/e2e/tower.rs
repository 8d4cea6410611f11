//! The tower about itself, and who may ask: health, status, metrics, documents, keys, and a database that goes away.

use jct_tests::{Client, Engine, Setup, TestTower, on_both_engines, survey_task};
use serde_json::json;

on_both_engines![
    health_is_exactly_ok,
    status_and_metrics_tell_what_happened,
    a_key_may_do_what_its_scopes_say,
    a_revoked_key_is_refused,
    the_tower_comes_back_when_its_connections_were_cut,
];

fn health_is_exactly_ok(engine: Engine) {
    let tower = TestTower::idle(engine);
    let anonymous = tower.anonymous();
    assert_eq!(anonymous.get("/health").text(), r#"{"status":"ok"}"#);
    let healthz = anonymous.get("/healthz").expect(200);
    assert_eq!((&healthz["status"], &healthz["ok"]), (&json!("ok"), &json!(true)), "{healthz}");
    assert!(healthz.get("db").is_some());
}

fn status_and_metrics_tell_what_happened(engine: Engine) {
    let tower = TestTower::new(engine);
    let client = tower.operator();
    let id = client.enqueue(&survey_task());
    let _ended = client.wait_for(&id, &["completed", "failed"]);
    let mut refused = survey_task();
    refused["target"]["repo"] = "other/app".into();
    client.post("/tasks/enqueue", &refused).problem(422, "REPO_NOT_ALLOWED");
    let status = client.get("/status").expect(200).to_string();
    let engine_name = if engine == Engine::Sqlite { "sqlite" } else { "postgresql" };
    for word in ["worker-1", engine_name, "\"completed\":1", "uptime"] {
        assert!(status.contains(word), "{word}: {status}");
    }
    let metrics = client.get("/metrics");
    assert_eq!(metrics.status, 200);
    let page = metrics.text();
    for word in ["REPO_NOT_ALLOWED", "# TYPE", "queue", "stale", "lost"] {
        assert!(page.contains(word), "{word}: {page}");
    }
}

fn a_key_may_do_what_its_scopes_say(engine: Engine) {
    let tower = TestTower::idle(engine);
    let id = tower.operator().enqueue(&survey_task());
    let (reader, writer) = (tower.reader(), tower.client("writer", &["tasks:write"]));
    for path in ["/tasks", "/status", "/metrics", "/version", "/openapi.json"] {
        tower.anonymous().get(path).problem(401, "UNAUTHORIZED");
    }
    Client::new(tower.base(), Some("jctk_wrong")).get("/tasks").problem(401, "UNAUTHORIZED");
    assert_eq!(reader.get(&format!("/tasks/{id}")).status, 200);
    reader.post("/tasks/enqueue", &survey_task()).problem(403, "FORBIDDEN");
    reader.post(&format!("/tasks/{id}/cancel"), &json!({})).problem(403, "FORBIDDEN");
    reader.post("/queue/pause", &json!({ "reason": "x" })).problem(403, "FORBIDDEN");
    reader.get("/keys").problem(403, "FORBIDDEN");
    writer.patch(&format!("/tasks/{id}/status"), &json!({ "status": "running" })).problem(403, "FORBIDDEN");
    assert_eq!(writer.post(&format!("/tasks/{id}/cancel"), &json!({})).status, 200);
    // What the policy allows is for those who may read it.
    let mut other = survey_task();
    other["target"]["repo"] = "other/app".into();
    let told = writer.post("/tasks/enqueue", &other).problem(422, "REPO_NOT_ALLOWED").to_string();
    assert!(!told.contains("myorg"), "{told}");
}

fn a_revoked_key_is_refused(engine: Engine) {
    let tower = TestTower::idle(engine);
    let client = tower.client("short-lived", &["tasks:read"]);
    assert_eq!(client.get("/tasks").status, 200);
    assert_eq!(tower.operator().call("DELETE", "/keys/short-lived", &[], b"").status, 200);
    client.get("/tasks").problem(401, "UNAUTHORIZED");
}

fn the_tower_comes_back_when_its_connections_were_cut(engine: Engine) {
    let tower = TestTower::with(engine, &Setup { worker: false, ..Setup::default() });
    let client = tower.operator();
    let before = client.enqueue(&survey_task());
    tower.cut_connections();
    // The first requests may be told to come back; none may be told a lie, and the tower must recover by itself.
    let mut task = survey_task();
    task["idempotency_key"] = "after-the-cut".into();
    let mut answers = (0..200).map(|_| {
        let answer = client.post("/tasks/enqueue", &task);
        assert!(matches!(answer.status, 200 | 201 | 503), "{}", answer.text());
        if answer.status == 503 {
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        answer.status
    });
    assert!(answers.any(|status| status != 503), "the tower did not come back");
    assert_eq!(client.task(&before)["status"], "queued");
    assert_eq!(client.get("/tasks").expect(200).as_array().unwrap().len(), 2);
}
