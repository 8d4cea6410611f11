//! The workflows that ship as examples: each is taken, is started by the events it should be, and comes to its end with
//! a task for every step.

use std::collections::BTreeMap;

use jct_contract::{EventId, Timestamp};
use jct_event::NewEvent;
use jct_workflow::run::{AttemptEnd, Decision, RunStatus};
use jct_workflow::template::StepFacts;
use jct_workflow::{
    Command, Context, Fact, Plan, RunState, StepId, StepOutcome, StepStatus, WorkflowDefinition, event_value, next,
};
use serde_json::{Value, json};

use crate::support::run_id;

const INCIDENT: &str = include_str!("../../../../examples/workflows/incident_response.json");
const PIPELINE: &str = include_str!("../../../../examples/workflows/deployment_pipeline.json");
const SCAN: &str = include_str!("../../../../examples/workflows/security_scan.json");

fn example(text: &str) -> WorkflowDefinition {
    WorkflowDefinition::from_json(text.as_bytes()).unwrap()
}

fn event(event_type: &str, priority: &str, data: &Value) -> (NewEvent, Value) {
    let body = json!({"type": event_type, "source": "test", "priority": priority, "data": data});
    let event = NewEvent::from_json(body.to_string().as_bytes()).unwrap();
    let at = Timestamp::from_micros(1_700_000_000_000_000);
    let value = event_value(&event, EventId::at(at), at);
    (event, value)
}

/// A tower in few lines: carries commands out, with tasks that all end well. Gives the tasks by step, in order.
struct Tower<'d> {
    definition: &'d WorkflowDefinition,
    plan: Plan,
    event: Value,
    outcomes: BTreeMap<StepId, StepOutcome>,
    tasks: Vec<(String, Value)>,
}

impl Tower<'_> {
    fn context(&self, step: &StepId) -> Context {
        let awaited = self.plan.awaited(step);
        let outcomes = self.outcomes.iter().filter(|(id, _)| awaited.contains(id));
        Context::for_step(&self.event, run_id(), (self.definition.name().as_str(), 1), outcomes)
    }

    fn fact(&mut self, command: &Command) -> Option<Fact> {
        let of = |id: &StepId| self.definition.steps().iter().find(|step| step.id() == id).unwrap();
        match command {
            Command::Decide { step } => {
                let wanted = of(step).when().is_none_or(|when| when.holds(&self.context(step)).unwrap());
                if !wanted {
                    self.outcomes.insert(step.clone(), outcome(StepStatus::Skipped));
                }
                let decision = if wanted { Decision::Run } else { Decision::Skip };
                Some(Fact::Decided { step: step.clone(), decision })
            }
            Command::Enqueue { step, attempt } => {
                let definition = of(step);
                let facts = StepFacts {
                    workflow: self.definition.name(),
                    run: run_id(),
                    step,
                    attempt: *attempt,
                    timeout_seconds: definition.timeout_seconds(),
                };
                let task = definition.task().fill(&self.context(step), facts).unwrap();
                task.normalize().unwrap();
                assert_eq!(task.idempotency_key(), Some(command.key(run_id()).as_str()));
                self.tasks.push((step.to_string(), serde_json::to_value(task).unwrap()));
                self.outcomes.insert(step.clone(), outcome(StepStatus::Succeeded));
                Some(Fact::Ended { step: step.clone(), attempt: *attempt, end: AttemptEnd::Succeeded })
            }
            Command::Wake { .. } | Command::Cancel { .. } | Command::Finish { .. } => None,
        }
    }
}

fn outcome(status: StepStatus) -> StepOutcome {
    StepOutcome { status, result: json!({"exit_code": 0}) }
}

fn run(definition: &WorkflowDefinition, event: Value) -> Vec<(String, Value)> {
    let plan = Plan::of(definition);
    let (mut state, mut open) = RunState::begin(&plan);
    let mut tower = Tower { definition, plan, event, outcomes: BTreeMap::new(), tasks: Vec::new() };
    while !open.is_empty() {
        let command = open.remove(0);
        if let Some(fact) = tower.fact(&command) {
            let (after, more) = next(&tower.plan, &state, &fact).unwrap();
            state = after;
            open.extend(more);
        }
    }
    assert_eq!(state.status(), RunStatus::Succeeded);
    tower.tasks
}

fn steps(tasks: &[(String, Value)]) -> Vec<&str> {
    tasks.iter().map(|(step, _)| step.as_str()).collect()
}

#[track_caller]
fn check_fires(text: &str, event_type: &str, priority: &str, data: &Value, expect: bool) {
    let (event, value) = event(event_type, priority, data);
    let fires = example(text).trigger().fires(event.event_type(), &Context::for_trigger(&value));
    assert_eq!(fires, Ok(expect), "{event_type} {priority} {data}");
}

#[test]
fn an_incident_is_assessed_told_and_mitigated() {
    check_fires(INCIDENT, "monitoring.service_down", "critical", &json!({}), true);
    check_fires(INCIDENT, "infrastructure.failure", "high", &json!({}), true);
    check_fires(INCIDENT, "infrastructure.failure", "low", &json!({}), false);
    check_fires(INCIDENT, "user.action", "critical", &json!({}), false);
    let (_, critical) = event("monitoring.service_down", "critical", &json!({"service": "api"}));
    let tasks = run(&example(INCIDENT), critical);
    assert_eq!(steps(&tasks), ["assess_impact", "notify_team", "start_mitigation"]);
    let note = tasks[1].1["inputs"]["script"][0]["write"]["content"].as_str().unwrap();
    assert!(note.contains("Type: monitoring.service_down") && note.contains("was assessed: succeeded"), "{note}");
    let (_, high) = event("monitoring.service_down", "high", &json!({}));
    assert_eq!(steps(&run(&example(INCIDENT), high)), ["assess_impact", "notify_team"]);
}

#[test]
fn a_commit_goes_through_the_pipeline_in_order() {
    check_fires(PIPELINE, "development.code_commit", "medium", &json!({"branch": "main"}), true);
    check_fires(PIPELINE, "development.code_commit", "medium", &json!({"branch": "topic"}), false);
    check_fires(PIPELINE, "development.code_commit", "medium", &json!({}), false);
    let (_, commit) = event("development.code_commit", "medium", &json!({"branch": "main"}));
    let tasks = run(&example(PIPELINE), commit);
    let order = ["run_tests", "build_image", "deploy_staging", "run_e2e_tests", "deploy_production"];
    assert_eq!(steps(&tasks), order);
    let (_, dry) = event("development.code_commit", "medium", &json!({"branch": "main", "dry_run": true}));
    assert_eq!(steps(&run(&example(PIPELINE), dry)), order[..4]);
}

#[test]
fn the_scans_run_at_once_and_the_report_comes_last() {
    check_fires(SCAN, "deployment.completed", "low", &Value::Null, true);
    let definition = example(SCAN);
    let (_, commands) = RunState::begin(&Plan::of(&definition));
    assert_eq!(commands.len(), 3);
    let (_, deployed) = event("deployment.completed", "low", &Value::Null);
    let tasks = run(&definition, deployed);
    let order = ["scan_vulnerabilities", "scan_secrets", "compliance_check", "generate_report"];
    assert_eq!(steps(&tasks), order);
    let report = tasks[3].1["inputs"]["script"][0]["write"]["content"].as_str().unwrap();
    assert!(report.contains("* Compliance: succeeded"), "{report}");
}

/// The definition that the documentation begins with is one.
#[test]
fn the_documented_definition_is_taken() {
    let page = include_str!("../../../../docs/workflows.md");
    let yaml = page.split("```yaml\n").nth(1).unwrap().split("```").next().unwrap();
    let definition = WorkflowDefinition::from_yaml(yaml.as_bytes()).unwrap();
    let steps: Vec<_> = definition.steps().iter().map(|step| (step.id().as_str(), step.named())).collect();
    assert_eq!(steps, [("build", [].as_slice()), ("publish", ["build".parse().unwrap()].as_slice())]);
}
