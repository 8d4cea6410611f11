//! The workflows that ship as examples, for real: an event comes in, tasks run in the sample repository.

use jct_tests::{Client, Engine, TestTower, on_both_engines};
use serde_json::{Value, json};

use super::support::{over, settled, step_of, told, tower};

on_both_engines![
    an_incident_is_assessed_noted_and_mitigated,
    a_commit_goes_through_the_pipeline,
    the_scans_come_to_a_report_or_to_none,
];

const INCIDENT: &str = include_str!("../../../../examples/workflows/incident_response.json");
const PIPELINE: &str = include_str!("../../../../examples/workflows/deployment_pipeline.json");
const SCAN: &str = include_str!("../../../../examples/workflows/security_scan.json");

/// Defines an example for the sample repository; its id.
#[track_caller]
fn example(client: &Client, text: &str) -> String {
    let definition: Value = serde_json::from_str(&text.replace("local/demo", "myorg/app")).unwrap();
    client.post("/workflows", &definition).expect(201)["id"].as_str().unwrap().to_owned()
}

/// Hands an event in and follows the run that it starts to its end.
#[track_caller]
fn run(client: &Client, workflow: &str, event: &Value) -> Value {
    let event = client.post("/events", event).expect(201)["event_id"].as_str().unwrap().to_owned();
    let runs = format!("/workflows/{workflow}/runs");
    let started = settled(client, &runs, |runs| runs[0]["event_id"] == event);
    over(client, &format!("{runs}/{}", started[0]["id"].as_str().unwrap()))
}

/// Every step that was run is a task with an admission, a trace and audit entries like any other.
#[track_caller]
fn is_governed(tower: &TestTower, run: &Value) {
    let client = tower.operator();
    for attempt in run["steps"].as_array().unwrap().iter().flat_map(|step| step["attempts"].as_array().unwrap()) {
        let id = attempt["task_id"].as_str().unwrap();
        let task = client.task(id);
        assert_eq!((&task["status"], &task["trace_id"]), (&json!("completed"), &run["trace_id"]), "{task}");
        let trace = client.get(&format!("/tasks/{id}/trace")).expect(200);
        assert!(trace["files"].as_array().is_some_and(|files| !files.is_empty()), "{trace}");
        let entries = client.get(&format!("/audit/task/{id}")).expect(200);
        assert!(entries.as_array().is_some_and(|entries| entries.len() >= 3), "{entries}");
    }
}

fn an_incident_is_assessed_noted_and_mitigated(engine: Engine) {
    let tower = tower(engine);
    let client = tower.operator();
    let workflow = example(&client, INCIDENT);
    let event = |priority: &str| json!({"type": "monitoring.service_down", "source": "uptime", "priority": priority});
    let critical = run(&client, &workflow, &event("critical"));
    assert_eq!(told(&critical), "assess_impact=succeeded notify_team=succeeded start_mitigation=succeeded");
    assert_eq!((&critical["status"], &critical["started_by"]), (&json!("succeeded"), &json!("operator")));
    is_governed(&tower, &critical);
    let high = run(&client, &workflow, &event("high"));
    assert_eq!(told(&high), "assess_impact=succeeded notify_team=succeeded start_mitigation=skipped");
    assert_eq!((&high["status"], &step_of(&high, "start_mitigation")["attempts"]), (&json!("succeeded"), &json!([])));
    let low = client.post("/events", &event("low")).expect(201)["event_id"].as_str().unwrap().to_owned();
    let low = settled(&client, &format!("/events/{low}"), |event| event["status"] == "completed");
    assert_eq!(low["result"], json!({"webhooks": [], "workflows": []}));
    let record = client.get(&format!("/workflows/{workflow}")).expect(200);
    assert_eq!((&record["execution_count"], &record["status"]), (&json!(2), &json!("completed")));
}

fn a_commit_goes_through_the_pipeline(engine: Engine) {
    let tower = tower(engine);
    let client = tower.operator();
    let workflow = example(&client, PIPELINE);
    let commit = json!({"type": "development.code_commit", "source": "git", "data": {"branch": "main"}});
    let run = run(&client, &workflow, &commit);
    let each = ["run_tests", "build_image", "deploy_staging", "run_e2e_tests", "deploy_production"];
    assert_eq!(told(&run), each.map(|step| format!("{step}=succeeded")).join(" "), "{run}");
    is_governed(&tower, &run);
    // One after the other, by what the tower wrote down.
    let times: Vec<&str> =
        run["steps"].as_array().unwrap().iter().map(|s| s["attempts"][0]["enqueued_at"].as_str().unwrap()).collect();
    assert!(times.is_sorted(), "{times:?}");
}

fn the_scans_come_to_a_report_or_to_none(engine: Engine) {
    let tower = tower(engine);
    let client = tower.operator();
    let workflow = example(&client, SCAN);
    let deployed = |id: &str| json!({"type": "deployment.completed", "source": "cd", "id": id});
    let failed = run(&client, &workflow, &deployed("1"));
    let scans = "scan_vulnerabilities=succeeded scan_secrets=succeeded";
    assert_eq!(told(&failed), format!("{scans} compliance_check=failed generate_report=skipped"), "{failed}");
    assert_eq!(failed["status"], "failed");
    let error = failed["error"].as_str().unwrap();
    assert!(error.starts_with("step `compliance_check` failed"), "{error}");
    tower.repository().commit("README.md", "# Sample\n");
    let done = run(&client, &workflow, &deployed("2"));
    assert_eq!(told(&done), format!("{scans} compliance_check=succeeded generate_report=succeeded"), "{done}");
    is_governed(&tower, &done);
}
