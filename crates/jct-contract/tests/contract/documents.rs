//! The published documents say what the types say. `JCT_TEST_UPDATE_DOCS=1 cargo test -p jct-contract` writes them anew.

use std::fs;
use std::path::PathBuf;

use jct_contract::{TaskSpec, limits, schema};
use serde_json::{Value, json};

use crate::specification;
use crate::support::{full, minimal, set, with};

fn document(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs").join(name)
}

#[track_caller]
fn check_generated(name: &str, expected: &str) {
    let path = document(name);
    if std::env::var_os("JCT_TEST_UPDATE_DOCS").is_some() {
        fs::write(&path, expected).unwrap();
    }
    let found = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == expected,
        "docs/{name} is not what the types say; run `JCT_TEST_UPDATE_DOCS=1 cargo test -p jct-contract` and review the change"
    );
}

fn example() -> Value {
    serde_json::from_str(&fs::read_to_string(document("examples/task-create-v1.json")).unwrap()).unwrap()
}

fn validator() -> jsonschema::Validator {
    let schema = schema::task_spec_schema();
    jsonschema::meta::validate(&schema).unwrap();
    jsonschema::validator_for(&schema).unwrap()
}

#[test]
fn the_schema_document_is_generated_from_the_types() {
    let schema = serde_json::to_string_pretty(&schema::task_spec_schema()).unwrap();
    check_generated("specs/task-spec-v1.schema.json", &format!("{schema}\n"));
}

#[test]
fn the_specification_is_generated_from_the_types() {
    check_generated("specs/task-spec-v1.md", &specification::render(&schema::task_spec_schema(), &example()));
}

/// Frozen: removing or tightening anything here is a breaking change of V1.
#[test]
fn names_enums_defaults_and_limits_are_frozen() {
    let mut lines = specification::fields(&schema::task_spec_schema());
    lines.push(format!(
        "inputs + metadata: {} bytes, {} levels",
        limits::FREE_FORM_MAX_BYTES,
        limits::FREE_FORM_MAX_DEPTH
    ));
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn the_example_passes_schema_and_door() {
    let example = example();
    validator().validate(&example).unwrap();
    let spec = TaskSpec::from_json(example.to_string().as_bytes()).unwrap();
    spec.normalize().unwrap();
    // It shows every field, so that a new one cannot be forgotten.
    assert_eq!(serde_json::to_value(&spec).unwrap(), example);
}

#[test]
fn the_schema_and_the_door_agree() {
    let validator = validator();
    let both = |task: &Value| (validator.is_valid(task), TaskSpec::from_json(task.to_string().as_bytes()).is_ok());
    assert_eq!(both(&minimal()), (true, true));
    assert_eq!(both(&full()), (true, true));
    let mut nulls = full();
    for pointer in [
        "/version",
        "/idempotency_key",
        "/requested_by/label",
        "/target/ref",
        "/target/path",
        "/constraints",
        "/inputs",
        "/metadata",
        "/acceptance_criteria",
    ] {
        set(&mut nulls, pointer, Value::Null);
        assert_eq!(both(&nulls), (true, true), "{pointer}");
    }
    for (pointer, value) in [
        ("/version", json!("2")),
        ("/idempotency_key", json!("")),
        ("/requested_by/kind", json!("robot")),
        ("/requested_by/extra", json!(1)),
        ("/requested_by", json!(null)),
        ("/objective", json!("no")),
        ("/objective", json!("x".repeat(4001))),
        ("/operation", json!(7)),
        ("/target/repo", json!("")),
        ("/target/ref", json!("")),
        ("/target/path", json!("x".repeat(513))),
        ("/target/branch", json!("x")),
        ("/constraints/time_budget_seconds", json!("60")),
        ("/constraints/time_budget_seconds", json!(60.5)),
        ("/constraints/allow_network", json!(1)),
        ("/inputs", json!([])),
        ("/metadata", json!(1)),
        ("/acceptance_criteria", json!([""])),
        ("/evidence_requirements", json!(vec!["x"; 101])),
        ("/extra", json!(1)),
    ] {
        assert_eq!(both(&with(pointer, value.clone())), (false, false), "{pointer} {value}");
    }
    // Left to the gate, which has codes of its own for them.
    for (pointer, value) in [
        ("/operation", json!("build")),
        ("/constraints/time_budget_seconds", json!(29)),
        ("/constraints/time_budget_seconds", json!(86_401)),
    ] {
        assert_eq!(both(&with(pointer, value)), (false, true), "{pointer}");
    }
}
