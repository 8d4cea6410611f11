//! What the door of definitions lets in, and everything that it refuses.

use jct_workflow::{Context, DefinitionError, WorkflowDefinition};
use serde_json::{Value, json};

use crate::support::{read, step, workflow};

fn refused(definition: &Value) -> Vec<String> {
    match WorkflowDefinition::from_json(definition.to_string().as_bytes()) {
        Err(DefinitionError::Violations(all)) => {
            all.iter().map(|one| format!("{} {}", one.pointer, one.code)).collect()
        }
        other => panic!("violations were expected: {other:?}"),
    }
}

#[track_caller]
fn check(definition: &Value, expect: &[&str]) {
    assert_eq!(refused(definition), expect);
}

#[test]
fn little_is_required_and_the_rest_has_its_default() {
    let definition = read(&workflow(vec![step("only", &[])]));
    assert!(definition.active() && definition.trigger().event_types().is_empty());
    assert_eq!(
        (definition.max_parallel(), definition.timeout_seconds(), definition.expected_version()),
        (10, 3_600, None)
    );
    let [only] = definition.steps() else { panic!("there is one step") };
    assert_eq!((only.name(), only.timeout_seconds(), only.retries(), only.when()), ("only", 300, 0, None));
}

#[test]
fn the_digest_leaves_out_what_may_change_in_place() {
    let mut definition = workflow(vec![step("only", &[])]);
    let digest = read(&definition).digest();
    definition["active"] = json!(false);
    definition["version"] = json!(2);
    assert_eq!(read(&definition).digest(), digest);
    definition["max_parallel"] = json!(2);
    assert_ne!(read(&definition).digest(), digest);
}

#[test]
fn every_violation_of_the_shape_is_reported_at_once() {
    check(&json!([]), &[" WRONG_TYPE"]);
    check(&json!({}), &["/name REQUIRED", "/steps REQUIRED"]);
    check(&workflow(Vec::<Value>::new()), &["/steps REQUIRED"]);
    check(
        &json!({
            "name": "No Name", "colour": 1, "version": 0, "active": "yes", "max_parallel": 0, "timeout_seconds": 1e9,
            "trigger": {"event_types": ["nope", 7], "condition": 1, "when": 1},
            "steps": [{"id": "A", "retries": 11, "timeout_seconds": 0, "dependencies": "x", "task": []}, 7]
        }),
        &[
            "/colour UNKNOWN_FIELD",
            "/name VALUE_NOT_ALLOWED",
            "/version OUT_OF_RANGE",
            "/active WRONG_TYPE",
            "/trigger/when UNKNOWN_FIELD",
            "/trigger/event_types/0 VALUE_NOT_ALLOWED",
            "/trigger/event_types/1 WRONG_TYPE",
            "/trigger/condition WRONG_TYPE",
            "/max_parallel OUT_OF_RANGE",
            "/timeout_seconds WRONG_TYPE",
            "/steps/0/id VALUE_NOT_ALLOWED",
            "/steps/0/dependencies WRONG_TYPE",
            "/steps/0/task WRONG_TYPE",
            "/steps/0/timeout_seconds OUT_OF_RANGE",
            "/steps/0/retries OUT_OF_RANGE",
            "/steps/1 WRONG_TYPE",
        ],
    );
    check(&workflow((0..1_001).map(|n| step(&format!("s{n}"), &[])).collect::<Vec<_>>()), &["/steps TOO_MANY_ITEMS"]);
    let large = json!({"name": "x".repeat(1024 * 1024)});
    check(&large, &[" TOO_LARGE"]);
}

#[test]
fn the_graph_has_no_circles_and_no_strangers() {
    let steps = vec![
        step("a", &["c"]),
        step("b", &["a", "a"]),
        step("c", &["b"]),
        step("d", &["d", "nowhere"]),
        step("a", &[]),
    ];
    check(
        &workflow(steps),
        &[
            "/steps/4/id STEP_REPEATED",
            "/steps/1/dependencies/1 DEPENDENCY_REPEATED",
            "/steps/3/dependencies/0 DEPENDENCY_SELF",
            "/steps/3/dependencies/1 DEPENDENCY_UNKNOWN",
            "/steps/0/dependencies DEPENDENCY_CYCLE",
        ],
    );
    let circle = workflow(vec![step("x", &["z"]), step("y", &["x"]), step("z", &["y"])]);
    let error = WorkflowDefinition::from_json(circle.to_string().as_bytes()).unwrap_err().to_string();
    assert!(error.contains("these steps wait for each other: x → z → y → x"), "{error}");
}

#[test]
fn a_workflow_may_have_a_thousand_steps() {
    let chain = (0..1_000_usize).map(|n| {
        let before = n.checked_sub(1).map(|n| format!("s{n}"));
        step(&format!("s{n}"), &before.iter().map(String::as_str).collect::<Vec<_>>())
    });
    assert_eq!(read(&workflow(chain.collect::<Vec<_>>())).steps().len(), 1_000);
}

#[test]
fn expressions_are_judged_when_they_are_defined() {
    let mut first = step("first", &[]);
    first["when"] = json!("event.data.x ==");
    let mut second = step("second", &["first"]);
    second["when"] = json!("steps.third.status == 'succeeded' && steps.fourth.result");
    second["task"]["objective"] = json!("Say ${{ steps.first.result }} and ${{ steps.second.result }}");
    let mut third = step("third", &["second"]);
    third["task"]["objective"] = json!("Say ${{ steps.first.result }}");
    third["task"]["inputs"]["open"] = json!("${{ event.data");
    third["task"]["inputs"]["odd"] = json!(["${{ secrets.a }}"]);
    third["task"]["inputs"]["${{ event.a }}"] = json!(1);
    let mut definition = workflow(vec![first, second, third]);
    definition["trigger"] = json!({"event_types": ["user.action"], "condition": "steps.a.result"});
    check(
        &definition,
        &[
            "/trigger/condition INVALID_EXPRESSION",
            "/steps/0/when INVALID_EXPRESSION",
            "/steps/2/task/inputs/open INVALID_TEMPLATE",
            "/steps/2/task/inputs/odd/0 INVALID_EXPRESSION",
            "/steps/2/task/inputs/${{ event.a }} INVALID_TEMPLATE",
            "/steps/1/task/objective STEP_NOT_AWAITED",
            "/steps/1/when STEP_NOT_AWAITED",
            "/steps/1/when STEP_NOT_AWAITED",
        ],
    );
}

fn with_task(change: impl FnOnce(&mut Value)) -> Value {
    let mut only = step("only", &[]);
    change(&mut only["task"]);
    workflow(vec![only])
}

#[test]
fn what_a_task_breaks_whatever_its_values_is_told_at_once() {
    check(
        &with_task(|task| {
            task["objectiv"] = json!("x");
            task["objective"] = json!("${{ event.data.objective }}");
            task["target"] = json!({"repo": "${{ event.data.repo }}", "path": "../up"});
            task["inputs"] = json!({"command": ["make", "${{ event.data.target }}"], "isolation": "L9"});
            task["idempotency_key"] = json!("mine");
            task["metadata"] = json!({"workflow": 1});
        }),
        &[
            "/steps/0/task/idempotency_key INVALID_TEMPLATE",
            "/steps/0/task/metadata/workflow INVALID_TEMPLATE",
            "/steps/0/task/objectiv UNKNOWN_FIELD",
            "/steps/0/task/target/path INVALID_PATH",
            "/steps/0/task/inputs/isolation INVALID_ISOLATION",
        ],
    );
    check(&with_task(|task| task["operation"] = Value::Null), &["/steps/0/task/operation REQUIRED"]);
    let many: Vec<_> = (0..201).map(|_| "${{ event.a }}").collect();
    check(&with_task(|task| task["inputs"]["many"] = json!(many)), &["/steps/0/task TOO_MANY_ITEMS"]);
}

#[track_caller]
fn check_command(command: &Value, expect: &[&str]) {
    let definition = with_task(|task| task["inputs"]["command"] = command.clone());
    if expect.is_empty() {
        read(&definition);
    } else {
        check(&definition, expect);
    }
}

#[test]
fn no_value_becomes_part_of_a_program() {
    const AT: &str = "/steps/0/task/inputs/command";
    let value = "${{ event.data.branch }}";
    check_command(&json!(["git", "checkout", value]), &[]);
    check_command(&json!(["sh", "-c", "echo \"$1\"", "sh", value]), &[]);
    check_command(&json!(["sh", "run.sh", value]), &[]);
    check_command(&json!(["sh", "-c", format!("echo {value}")]), &[&format!("{AT}/2 SHELL_INJECTION")]);
    check_command(&json!([["true"], ["/bin/bash", "-euc", value]]), &[&format!("{AT}/1/2 SHELL_INJECTION")]);
    check_command(&json!(["nice", "sh", "-c", value]), &[&format!("{AT}/3 SHELL_INJECTION")]);
    check_command(&json!(["python3", format!("-c{value}")]), &[&format!("{AT}/1 SHELL_INJECTION")]);
    check_command(&json!([value, "-x"]), &[&format!("{AT}/0 SHELL_INJECTION")]);
    check_command(&json!(value), &[&format!("{AT} SHELL_INJECTION")]);
    check_command(&json!([["true"], value]), &[&format!("{AT}/1 SHELL_INJECTION")]);
    let inputs = |inputs: Value| with_task(|task| task["inputs"] = inputs);
    let at = "/steps/0/task/inputs";
    check(&inputs(json!(value)), &[&format!("{at} SHELL_INJECTION")]);
    let script =
        json!({"executor": "script", "script": [{"run": {"command": ["sh", "-c", value]}}, {"run": value}, value]});
    let expect =
        ["script/0/run/command/2", "script/1/run", "script/2"].map(|place| format!("{at}/{place} SHELL_INJECTION"));
    check(&inputs(script), &expect.iter().map(String::as_str).collect::<Vec<_>>());
    check(&inputs(json!({"script": value})), &[&format!("{at}/script SHELL_INJECTION")]);
    let checks = json!({"checks": [{"name": "a", "command": [value]}, {"name": "b", "command": ["test", value]}]});
    check(&inputs(checks), &[&format!("{at}/checks/0/command/0 SHELL_INJECTION")]);
}

#[test]
fn a_trigger_fires_on_its_types_and_its_condition() {
    let mut definition = workflow(vec![step("only", &[])]);
    definition["trigger"] =
        json!({"event_types": ["monitoring.*", "user.request"], "condition": "event.priority == 'critical'"});
    let definition = read(&definition);
    let fires = |event_type: &str, priority: &str| {
        let context = Context::for_trigger(&json!({"priority": priority}));
        definition.trigger().fires(&event_type.parse().unwrap(), &context)
    };
    assert_eq!(fires("monitoring.service_down", "critical"), Ok(true));
    assert_eq!(fires("monitoring.service_down", "low"), Ok(false));
    assert_eq!(fires("user.action", "critical"), Ok(false));
    let broken = definition.trigger().fires(&"user.request".parse().unwrap(), &Context::for_trigger(&json!({})));
    assert!(broken.is_err());
}
