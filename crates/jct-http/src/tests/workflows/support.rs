//! Definitions, and short ways to send them.

use actix_web::http::Method;
use serde_json::{Value, json};

use crate::tests::app::{Answer, TestApp};

/// An id that nothing has.
pub(super) const NOBODY: &str = "018f0000-0000-7000-8000-000000000000";

/// A definition in YAML.
pub(super) const NIGHTLY: &str = "\
name: nightly
active: false
steps:
- id: build
  task:
    objective: Build it all
    operation: ops
    target: {repo: myorg/app}
    inputs: {command: ['true']}
";

pub(super) fn step(id: &str, dependencies: &[&str]) -> Value {
    let task = json!({
        "objective": "Do what is to be done", "operation": "ops", "target": {"repo": "myorg/app"},
        "inputs": {"command": ["true"]}
    });
    json!({"id": id, "dependencies": dependencies, "task": task})
}

/// Two steps, the second after the first.
pub(super) fn definition(name: &str) -> Value {
    json!({"name": name, "steps": [step("build", &[]), step("ship", &["build"])]})
}

/// The same with another limit, which is another version.
pub(super) fn with_parallel(name: &str, most: u32) -> Value {
    let mut definition = definition(name);
    definition["max_parallel"] = most.into();
    definition
}

pub(super) async fn define(app: &TestApp, definition: &Value) -> Value {
    let made = app.post("/workflows", definition).await;
    assert_eq!(made.status, 201, "{}", made.text);
    made.json()
}

pub(super) async fn send_yaml(app: &TestApp, method: Method, path: &str, text: &str) -> Answer {
    app.call(method, path, &[("content-type", "application/yaml")], Some(text.as_bytes())).await
}

/// Starts a run without a body.
pub(super) async fn start(app: &TestApp, name: &str) -> Answer {
    app.call(Method::POST, &format!("/workflows/{name}/runs"), &[], None).await
}

#[track_caller]
pub(super) fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value[name].as_str().unwrap_or_else(|| panic!("{name}: {value:#}"))
}

/// The pointer and the code of the first violation.
#[track_caller]
pub(super) fn violation(problem: &Value) -> (&str, &str) {
    let first = &problem["violations"][0];
    (text(first, "pointer"), text(first, "code"))
}
