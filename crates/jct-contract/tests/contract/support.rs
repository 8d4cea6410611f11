//! What the tables of the other modules share: a valid task, and how to say what is expected of a changed one.

use jct_contract::{SpecError, TaskSpec, Violation};
use serde_json::{Value, json};

/// The smallest valid task.
pub(crate) fn minimal() -> Value {
    json!({
        "requested_by": {"kind": "human", "id": "ana"},
        "objective": "Describe the repository",
        "operation": "analysis",
        "target": {"repo": "myorg/service"},
    })
}

/// A valid task that uses every field, none with its default.
pub(crate) fn full() -> Value {
    json!({
        "version": "1.0",
        "idempotency_key": "key-1",
        "requested_by": {"kind": "agent", "id": "jules", "label": "Jules"},
        "objective": "Describe the repository",
        "operation": "code_change",
        "target": {"repo": "MyOrg/Service.git", "ref": "release/2.x", "path": "crates/core"},
        "constraints": {"time_budget_seconds": 60, "allow_network": true, "allow_secrets": true},
        "inputs": {"executor": "command", "command": ["cargo", "test"], "ratio": 0.5, "nested": {"list": [1, null, "é"]}},
        "metadata": {"ticket": "PAY-1"},
        "acceptance_criteria": ["tests pass"],
        "evidence_requirements": ["the log of the tests"],
    })
}

/// [`minimal`] with the value at `pointer` set, objects on the way made as needed.
pub(crate) fn with(pointer: &str, value: Value) -> Value {
    let mut task = minimal();
    set(&mut task, pointer, value);
    task
}

/// Sets the value at `pointer`, making objects on the way as needed.
pub(crate) fn set(task: &mut Value, pointer: &str, value: Value) {
    let mut place = task;
    for name in pointer.split('/').skip(1) {
        if !place.is_object() {
            *place = json!({});
        }
        place = &mut place[name.replace("~1", "/").replace("~0", "~")];
    }
    *place = value;
}

pub(crate) fn parse(task: &Value) -> Result<TaskSpec, SpecError> {
    TaskSpec::from_json(task.to_string().as_bytes())
}

#[track_caller]
pub(crate) fn violations(bytes: &[u8]) -> Vec<Violation> {
    match TaskSpec::from_json(bytes) {
        Ok(_) => Vec::new(),
        Err(SpecError::Violations(violations)) => violations,
        Err(error @ SpecError::Malformed { .. }) => panic!("{error}"),
    }
}

/// Checks the place and code of every violation, in order; none means that the task is accepted.
#[track_caller]
pub(crate) fn check(task: &Value, expected: &[(&str, &str)]) {
    check_text(&task.to_string(), expected);
}

#[track_caller]
pub(crate) fn check_text(task: &str, expected: &[(&str, &str)]) {
    let found = violations(task.as_bytes());
    let short: Vec<_> = found.iter().map(|violation| (violation.pointer.as_str(), violation.code.as_str())).collect();
    assert_eq!(short, expected, "{found:#?}");
}
