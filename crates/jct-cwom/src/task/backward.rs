//! The task of an issue: the one it was made of, or one made of what somebody wrote into the model.

use jct_contract::limits::{DEFAULT_PATH, DEFAULT_REF, DEFAULT_TIME_BUDGET_SECONDS};
use jct_contract::{Operation, SpecError, TaskSpec};
use serde_json::{Value, json};

use super::forward::acceptance;
use super::keys;
use crate::objects::{NewConstraintSnapshot, NewContextPacket, NewIssue, NewRepo};
use crate::words::{IssueType, RiskTolerance};

/// The task that an issue asks for.
///
/// From the objects of a task it is that task, whole, with its idempotency key. What was changed in the issue since
/// (description, type, first assignee, acceptance) is changed in the task. What an issue does not say has the defaults of
/// the contract; nobody assigned means that the system asks.
///
/// # Errors
/// The violations of the task contract, if the objects hold what a task cannot: a description of less than five
/// characters, a criterion of more than 2000.
pub fn spec_of(
    repo: &NewRepo,
    issue: &NewIssue,
    context_packet: Option<&NewContextPacket>,
    constraint_snapshot: Option<&NewConstraintSnapshot>,
) -> Result<TaskSpec, SpecError> {
    let noted = |name: &str| context_packet.and_then(|packet| packet.meta.get(name)).cloned();
    let objective = if issue.description.is_empty() { &issue.title } else { &issue.description };
    let task = json!({
        "idempotency_key": issue.meta.get(keys::IDEMPOTENCY_KEY),
        "requested_by": requested_by(issue),
        "objective": objective,
        "operation": operation(issue.type_),
        "target": {
            "repo": repo.slug,
            "ref": noted(keys::TASK_REF).unwrap_or_else(|| DEFAULT_REF.into()),
            "path": noted(keys::TASK_PATH).unwrap_or_else(|| DEFAULT_PATH.into()),
        },
        "constraints": constraints(constraint_snapshot),
        "inputs": noted(keys::TASK_INPUTS),
        "metadata": issue.meta.get(keys::TASK_METADATA),
        "acceptance_criteria": acceptance_criteria(issue, noted(keys::ACCEPTANCE_CRITERIA)),
        "evidence_requirements": issue.meta.get(keys::EVIDENCE_REQUIREMENTS),
    });
    TaskSpec::from_json(task.to_string().as_bytes())
}

fn requested_by(issue: &NewIssue) -> Value {
    issue.assignees.first().map_or_else(
        || json!({"kind": "system", "id": "cwom", "label": "CWOM System"}),
        |actor| json!({"kind": actor.actor_kind, "id": actor.actor_id, "label": actor.display}),
    )
}

const fn operation(issue_type: IssueType) -> Operation {
    match issue_type {
        IssueType::Feature | IssueType::Bug => Operation::CodeChange,
        IssueType::Doc => Operation::Docs,
        IssueType::Research => Operation::Analysis,
        IssueType::Ops | IssueType::Chore | IssueType::Incident => Operation::Ops,
    }
}

/// What the snapshot noted of a task, else what it says in its own words.
fn constraints(snapshot: Option<&NewConstraintSnapshot>) -> Value {
    let noted = |name: &str| snapshot.and_then(|snapshot| snapshot.meta.get(name)).cloned();
    let said = snapshot.map(|snapshot| &snapshot.constraints);
    let minutes = said.and_then(|said| said.time.as_ref()).and_then(|time| time.available_minutes);
    let seconds =
        minutes.map_or_else(|| DEFAULT_TIME_BUDGET_SECONDS.into(), |minutes| minutes.saturating_mul(60).into());
    let risk = said.and_then(|said| said.risk.as_ref()).map(|risk| risk.tolerance);
    let network = matches!(risk, Some(RiskTolerance::Medium | RiskTolerance::High));
    let secrets = matches!(risk, Some(RiskTolerance::High));
    json!({
        "time_budget_seconds": noted(keys::TIME_BUDGET_SECONDS).unwrap_or(seconds),
        "allow_network": noted(keys::ALLOW_NETWORK).unwrap_or_else(|| network.into()),
        "allow_secrets": noted(keys::ALLOW_SECRETS).unwrap_or_else(|| secrets.into()),
    })
}

/// The criteria that the packet noted, if those of the issue are still what was made of them; else those of the issue. It
/// is how a task without criteria, whose objective became the one criterion of the issue, is told from a task with it.
fn acceptance_criteria(issue: &NewIssue, noted: Option<Value>) -> Vec<String> {
    let noted = noted.and_then(|noted| serde_json::from_value::<Vec<String>>(noted).ok());
    let unchanged = noted.filter(|noted| {
        let made = acceptance(&issue.description, noted);
        made.criteria == issue.acceptance.criteria
    });
    unchanged.unwrap_or_else(|| issue.acceptance.criteria.clone())
}
