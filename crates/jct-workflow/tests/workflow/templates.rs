//! From the template of a task to the task.

use jct_workflow::run::StepStatus;
use jct_workflow::template::StepFacts;
use jct_workflow::{Context, FillError, StepOutcome, WorkflowDefinition};
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
    assert_eq!(task["idempotency_key"], format!("{}/first/2", run_id()));
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
