//! Definitions, facts and contexts in few words.

use jct_contract::WorkflowRunId;
use jct_workflow::run::{AttemptEnd, Decision};
use jct_workflow::{Command, Fact, Plan, StepId, WorkflowDefinition};
use serde_json::{Value, json};

/// Any run.
pub(crate) fn run_id() -> WorkflowRunId {
    "018bcfe5-6800-7000-838e-d036c9642fbb".parse().unwrap()
}

/// A task that does nothing worth mentioning.
pub(crate) fn task() -> Value {
    json!({
        "objective": "Do what is to be done", "operation": "ops", "target": {"repo": "local/demo"},
        "inputs": {"command": ["true"]}
    })
}

/// A step with dependencies, all else left open.
pub(crate) fn step(id: &str, dependencies: &[&str]) -> Value {
    json!({"id": id, "dependencies": dependencies, "task": task()})
}

/// A definition of these steps.
pub(crate) fn workflow(steps: impl Into<Value>) -> Value {
    let steps: Value = steps.into();
    json!({"name": "test", "steps": steps})
}

/// A definition that is known to be right.
pub(crate) fn read(definition: &Value) -> WorkflowDefinition {
    WorkflowDefinition::from_json(definition.to_string().as_bytes()).unwrap()
}

/// The plan of such a definition.
pub(crate) fn plan(steps: Vec<Value>) -> Plan {
    Plan::of(&read(&workflow(steps)))
}

/// The id of a step.
pub(crate) fn id(step: &str) -> StepId {
    step.parse().unwrap()
}

pub(crate) fn decided(step: &str, decision: Decision) -> Fact {
    Fact::Decided { step: id(step), decision }
}

pub(crate) fn ended(step: &str, attempt: u32, end: AttemptEnd) -> Fact {
    Fact::Ended { step: id(step), attempt, end }
}

/// Commands in few words: `decide a`, `enqueue a 1`.
pub(crate) fn told(commands: &[Command]) -> Vec<String> {
    let each = commands.iter().map(|command| match command {
        Command::Decide { step } => format!("decide {step}"),
        Command::Enqueue { step, attempt } => format!("enqueue {step} {attempt}"),
        Command::Wake { step, attempt, after } => format!("wake {step} {attempt} after {}", after.as_secs()),
        Command::Cancel { step, attempt } => format!("cancel {step} {attempt}"),
        Command::Finish { status } => format!("finish {status}"),
    });
    each.collect()
}
