//! Workflows and their runs in few words.

use std::time::{Duration, Instant};

use jct_tests::{Client, Engine, Setup, TestTower};
use serde_json::{Value, json};

/// A tower that works on the sample repository.
pub(crate) fn tower(engine: Engine) -> TestTower {
    TestTower::with(engine, &Setup::default())
}

/// A step that runs a command in the sample repository; `more` is beside `id` and `task`.
pub(crate) fn step(id: &str, dependencies: &[&str], command: &[&str], more: &Value) -> Value {
    let mut step = json!({
        "id": id,
        "dependencies": dependencies,
        "task": {
            "objective": format!("Do {id}"),
            "operation": "ops",
            "target": {"repo": "myorg/app"},
            "constraints": {"time_budget_seconds": 60},
            "inputs": {"command": command},
        },
    });
    step.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    step
}

/// Defines a workflow of these steps; its id.
#[track_caller]
pub(crate) fn define(client: &Client, name: &str, steps: &[Value], more: &Value) -> String {
    let mut definition = json!({"name": name, "steps": steps});
    definition.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    client.post("/workflows", &definition).expect(201)["id"].as_str().unwrap().to_owned()
}

/// Starts a run by hand; its path.
#[track_caller]
pub(crate) fn start(client: &Client, workflow: &str) -> String {
    let run = client.post(&format!("/workflows/{workflow}/runs"), &json!({})).expect(201);
    format!("/workflows/{workflow}/runs/{}", run["id"].as_str().unwrap())
}

/// Reads until it is as it should be.
#[track_caller]
pub(crate) fn settled(client: &Client, path: &str, is_there: impl Fn(&Value) -> bool) -> Value {
    let start = Instant::now();
    loop {
        let found = client.get(path).expect(200);
        if is_there(&found) {
            return found;
        }
        assert!(start.elapsed() < Duration::from_secs(90), "never: {found}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// The run at `path` once it is over.
#[track_caller]
pub(crate) fn over(client: &Client, path: &str) -> Value {
    settled(client, path, |run| !run["finished_at"].is_null())
}

/// Where each step is, as `a=succeeded b=skipped`.
pub(crate) fn told(run: &Value) -> String {
    let each = run["steps"].as_array().unwrap().iter();
    let each = each.map(|step| format!("{}={}", step["id"].as_str().unwrap(), step["status"].as_str().unwrap()));
    each.collect::<Vec<_>>().join(" ")
}

/// A step of a run.
pub(crate) fn step_of<'r>(run: &'r Value, id: &str) -> &'r Value {
    run["steps"].as_array().unwrap().iter().find(|step| step["id"] == id).unwrap()
}
