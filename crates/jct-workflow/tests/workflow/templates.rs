//! From the template of a task to the task.

use jct_workflow::run::StepStatus;
use jct_workflow::template::StepFacts;
use jct_workflow::{Context, DefinitionError, FillError, StepOutcome, WorkflowDefinition};
use serde_json::{Value, json};

use crate::support::{id, run_id, task, workflow};

fn with(change: impl FnOnce(&mut Value)) -> Value {
    let mut first = json!({"id": "first", "task": task()});
    change(&mut first["task"]);
    workflow(vec![first])
}

fn fill(definition: &Value, event: &Value) -> Result<Value, FillError> {
    let definition = WorkflowDefinition::from_json(definition.to_string().as_bytes()).unwrap();
    let step = definition.steps().last().unwrap();
    let outcome = StepOutcome { status: StepStatus::Succeeded, result: json!({"exit_code": 0, "image": "app:7"}) };
    let first = id("first");
    let context = Context::for_step(event, run_id(), (definition.name().as_str(), 3), [(&first, &outcome)]);
    let facts = StepFacts {
        workflow: definition.name(),
        run: run_id(),
        step: step.id(),
        attempt: 2,
        timeout_seconds: step.timeout_seconds(),
    };
    step.task().fill(&context, facts).map(|task| serde_json::to_value(task).unwrap())
}

#[test]
fn the_tower_adds_who_why_and_how_long() {
    let task = fill(&workflow(vec![json!({"id": "first", "task": task()})]), &Value::Null).unwrap();
    assert_eq!(task["idempotency_key"], format!("jct:workflow:{}/first/2", run_id()));
    assert_eq!(task["requested_by"], json!({"kind": "system", "id": "workflow/test", "label": null}));
    assert_eq!(task["constraints"]["time_budget_seconds"], 300);
    let about = json!({"name": "test", "run_id": run_id().to_string(), "step": "first", "attempt": 2});
    assert_eq!(task["metadata"]["workflow"], about);
}

#[test]
fn what_the_template_says_itself_stands() {
    let definition = with(|task| {
        task["requested_by"] = json!({"kind": "human", "id": "ana"});
        task["constraints"] = json!({"time_budget_seconds": 60});
        task["metadata"] = json!({"ticket": 7});
    });
    let task = fill(&definition, &Value::Null).unwrap();
    assert_eq!((&task["requested_by"]["id"], &task["constraints"]["time_budget_seconds"]), (&json!("ana"), &json!(60)));
    assert_eq!(task["metadata"]["ticket"], 7);
}

#[test]
fn a_whole_text_becomes_the_value_and_a_part_of_one_stays_text() {
    let definition = with(|task| {
        task["inputs"] = json!({
            "command": ["echo", "${{ event.data.branch }}", "n=${{ event.data.count }}${{ event.data.on }}"],
            "typed": {
                "count": "${{ event.data.count }}", "list": "${{ event.data.list }}", "all": ["${{ event.data }}"]
            },
            "literal": "$${{ event.data.branch }}",
            "literals": {"all": ["$${{ a }}"]}
        });
    });
    let event = json!({"data": {"branch": "a\", \"b", "count": 7, "on": true, "list": [1, {"x": null}]}});
    let inputs = fill(&definition, &event).unwrap()["inputs"].clone();
    assert_eq!(inputs["command"], json!(["echo", "a\", \"b", "n=7true"]));
    assert_eq!(inputs["typed"], json!({"count": 7, "list": [1, {"x": null}], "all": [event["data"].clone()]}));
    assert_eq!(inputs["literal"], "${{ event.data.branch }}");
    assert_eq!(inputs["literals"], json!({"all": ["${{ a }}"]}));
}

#[test]
fn results_of_earlier_steps_come_along() {
    let mut second = json!({"id": "second", "dependencies": ["first"], "task": task()});
    second["task"]["inputs"]["image"] = json!("${{ steps.first.result.image }}");
    second["task"]["objective"] =
        json!("Deploy after ${{ steps.first.status }} in ${{ workflow.name }} v${{ workflow.version }}, ${{ run.id }}");
    let definition = workflow(vec![json!({"id": "first", "task": task()}), second]);
    let task = fill(&definition, &Value::Null).unwrap();
    assert_eq!(task["inputs"]["image"], "app:7");
    assert_eq!(task["objective"], format!("Deploy after succeeded in test v3, {}", run_id()));
}

#[test]
fn no_event_makes_a_task_belong_to_another_run() {
    let definition = with(|task| task["metadata"] = json!("${{ event.data }}"));
    let task = fill(&definition, &json!({"data": {"workflow": {"run_id": "another"}, "note": 1}})).unwrap();
    assert_eq!(task["metadata"]["workflow"]["run_id"], run_id().to_string());
    assert_eq!(task["metadata"]["note"], 1);
}

#[track_caller]
fn check(objective: &str, event: &Value, expect: &str) {
    let error = fill(&with(|task| task["objective"] = json!(objective)), event).unwrap_err();
    assert!(error.to_string().contains(expect), "{objective}: {error}");
}

#[test]
fn what_cannot_be_filled_is_told_with_its_place() {
    check("${{ event.data.gone }}", &json!({"data": {}}), "/objective: there is no member `gone`");
    check("About ${{ event.data.a }}", &json!({"data": {"a": []}}), "/objective: a list cannot stand within a text");
    check("${{ event.data.a }}", &json!({"data": {"a": 7}}), "/objective: must be a string, not a number");
    check("${{ event.data.a }}", &json!({"data": {"a": "x"}}), "/objective: must have at least 5 characters");
    check("${{ event.data.a }}", &json!({"data": {"a": "x".repeat(1024 * 1024)}}), "bytes into the task");
}

/// The places of the checks that are refused when the workflow is defined, below the task.
#[track_caller]
fn check_checks(criteria: &Value, checks: &Value, expect: &[&str]) {
    let definition = with(|task| {
        // Something that has nothing to do with checks.
        task["objective"] = json!("Look at ${{ event.data.branch }}");
        task["acceptance_criteria"] = criteria.clone();
        task["inputs"] = json!({ "command": ["true"], "checks": checks });
    });
    let found = match WorkflowDefinition::from_json(definition.to_string().as_bytes()) {
        Ok(_) => Vec::new(),
        Err(DefinitionError::Violations(all)) => all,
        Err(other) => panic!("violations were expected: {other:?}"),
    };
    let found: Vec<_> = found.iter().map(|one| format!("{} {}", one.pointer, one.code)).collect();
    let expect: Vec<_> =
        expect.iter().map(|place| format!("/steps/0/task/inputs/checks{place} INVALID_CHECK")).collect();
    assert_eq!(found, expect, "{criteria} {checks}");
}

#[test]
fn checks_are_judged_as_far_as_no_expression_decides() {
    const VALUE: &str = "${{ event.data.value }}";
    let named = |criterion: &Value| json!([{"name": "a", "command": ["true"], "criterion": criterion}]);
    let (plain, one_of_two, whole) = (json!(["it builds"]), json!([VALUE, "it builds"]), json!(VALUE));

    check_checks(&plain, &json!("no list"), &[""]);
    check_checks(&plain, &json!([{"name": " ", "command": [], "colour": 1}]), &["/0/colour", "/0/name", "/0/command"]);
    check_checks(&plain, &named(&json!("it builds")), &[]);
    check_checks(&plain, &named(&json!("it flies")), &["/0/criterion"]);
    check_checks(&plain, &named(&json!(1)), &["/0/criterion"]);
    check_checks(&json!([]), &named(&json!(0)), &["/0/criterion"]);
    // What an expression comes to may be the very text, but makes no list longer, and no flag a text.
    check_checks(&one_of_two, &named(&json!("it flies")), &[]);
    check_checks(&one_of_two, &named(&json!(1)), &[]);
    check_checks(&one_of_two, &named(&json!(2)), &["/0/criterion"]);
    check_checks(&one_of_two, &named(&json!(true)), &["/0/criterion"]);
    check_checks(&plain, &named(&json!(VALUE)), &[]);
    check_checks(&whole, &named(&json!(7)), &[]);
    check_checks(&whole, &named(&json!("it flies")), &[]);
    check_checks(&whole, &named(&json!(false)), &["/0/criterion"]);

    let names = |names: [&str; 2]| names.map(|name| json!({"name": name, "command": ["true"]})).to_vec();
    check_checks(&plain, &json!(names(["a", "a"])), &["/1/name"]);
    check_checks(&plain, &json!(names([VALUE, VALUE])), &[]);
    check_checks(&plain, &json!(names([VALUE, "placeholder"])), &[]);
    check_checks(&plain, &json!(names(["placeholder", "placeholder"])), &["/1/name"]);
}
