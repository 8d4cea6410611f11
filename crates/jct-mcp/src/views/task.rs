//! Tasks: a line in a list, the whole of one, and what is known about one.

use jct_contract::NormalizedTask;
use jct_store::model::{Holder, IssueGraph, TaskRecord, TaskState};
use serde_json::{Map, Value, json};

use super::run::written;
use crate::call::Call;
use crate::failure::Failure;

/// A line in a list.
pub(crate) fn summary(record: &TaskRecord) -> Value {
    let TaskRecord { id, task, issue_id, state, .. } = record;
    json!({
        "task_id": id,
        "operation": task.operation().as_str(),
        "objective": task.objective(),
        "target_repo": task.repo().as_str(),
        "target_ref": task.ref_(),
        "status": state.status().as_str(),
        "time_budget_seconds": task.constraints().time_budget_seconds(),
        "queued_at": queued_at(state),
        "cwom_issue_id": issue_id,
    })
}

fn queued_at(state: &TaskState) -> Value {
    match state {
        TaskState::Pending { .. } => Value::Null,
        TaskState::Queued { queued_at, .. } | TaskState::Running { queued_at, .. } => json!(queued_at),
        TaskState::Finished { queued_at, .. } => json!(queued_at),
    }
}

pub(crate) fn target(task: &NormalizedTask) -> Value {
    json!({"repo": task.repo().as_str(), "ref": task.ref_(), "path": task.path()})
}

pub(crate) fn constraints(task: &NormalizedTask) -> Value {
    json!(task.constraints())
}

/// The whole of a task, under the names of the REST surface.
pub(crate) fn task(record: &TaskRecord) -> Value {
    let TaskRecord { id, task, trace_id, submitter, created_at, issue_id, state, .. } = record;
    let mut body = json!({
        "task_id": id,
        "version": task.version(),
        "idempotency_key": task.idempotency_key(),
        "requested_by": task.requested_by(),
        "objective": task.objective(),
        "operation": task.operation().as_str(),
        "target": target(task),
        "constraints": constraints(task),
        "inputs": task.inputs(),
        "metadata": task.metadata(),
        "acceptance_criteria": task.acceptance_criteria(),
        "evidence_requirements": task.evidence_requirements(),
        "status": state.status().as_str(),
        "created_at": created_at,
        "updated_at": state.updated_at(),
        "queued_at": queued_at(state),
        "started_at": null,
        "completed_at": null,
        "assigned_to": null,
        "result": null,
        "error": null,
        "reason": null,
        "attempts": 0,
        "trace_path": null,
        "cwom_issue_id": issue_id,
        "trace_id": trace_id.as_str(),
        "submitted_by": {"kind": submitter.kind().as_str(), "name": submitter.name()},
    });
    if let Some(body) = body.as_object_mut() {
        body.extend(standing(state));
    }
    body
}

/// What depends on where the task stands.
fn standing(state: &TaskState) -> Map<String, Value> {
    let members = match state {
        TaskState::Pending { .. } => json!({}),
        TaskState::Queued { started_at, run_at, attempts, max_attempts, last_reason, .. } => json!({
            "started_at": started_at,
            "run_at": run_at,
            "attempts": attempts,
            "max_attempts": max_attempts,
            "reason": last_reason.map(|reason| reason.as_str()),
        }),
        TaskState::Running { started_at, acquired_at, expires_at, attempt, fence, holder, assigned_to, .. } => json!({
            "started_at": started_at,
            "attempts": attempt,
            "assigned_to": assigned_to,
            "lease": {
                "fence": fence.to_string(),
                "acquired_at": acquired_at,
                "expires_at": expires_at,
                "holder": held_by(holder),
            },
        }),
        TaskState::Finished { reason, outcome, started_at, finished_at, attempt, assigned_to, trace, .. } => json!({
            "started_at": started_at,
            "completed_at": finished_at,
            "assigned_to": assigned_to,
            "result": outcome.as_ref().ok().map(|result| stored(result)),
            "error": outcome.as_ref().err(),
            "reason": reason.as_str(),
            "attempts": attempt.unwrap_or(0),
            "trace_path": trace.as_ref().map(|trace| trace.path.as_str()),
        }),
    };
    if let Value::Object(members) = members { members } else { Map::new() }
}

fn held_by(holder: &Holder) -> Value {
    match holder {
        Holder::Worker { name, .. } => json!({"kind": "worker", "name": name}),
        Holder::External { principal } => json!({"kind": "external", "name": principal}),
    }
}

/// What the tower wrote is JSON.
pub(super) fn stored(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned()))
}

/// What is known about a task beside the task itself: its issue, the newest context packet, the limits and rules.
pub(crate) struct Background {
    graph: Option<IssueGraph>,
}

impl Background {
    /// Of a task; nothing for one without work objects.
    pub(crate) async fn of(call: &Call, record: &TaskRecord) -> Result<Self, Failure> {
        let graph = match record.issue_id {
            Some(issue) => Some(call.tower.issue_graph(issue).await?),
            None => None,
        };
        Ok(Self { graph })
    }

    /// The members of an answer.
    pub(crate) fn members(&self) -> Result<Map<String, Value>, Failure> {
        let mut members = Map::new();
        let Some(graph) = &self.graph else {
            for name in ["issue", "context_packet", "constraint_snapshot"] {
                members.insert(name.to_owned(), Value::Null);
            }
            members.insert("doctrine_refs".to_owned(), json!([]));
            return Ok(members);
        };
        let issue = &graph.issue;
        let shown = json!({
            "id": issue.id,
            "title": issue.content.title,
            "type": issue.content.type_.as_str(),
            "status": issue.content.status.as_str(),
            "acceptance_criteria": issue.content.acceptance.criteria,
        });
        let packet = graph.context_packets.last();
        let named = packet.and_then(|packet| packet.content.constraint_snapshot.as_ref());
        let snapshot =
            graph.constraint_snapshots.iter().find(|known| named.is_none_or(|named| named.id == known.id.into()));
        members.insert("issue".to_owned(), shown);
        members.insert("context_packet".to_owned(), packet.map(written).transpose()?.unwrap_or_default());
        members.insert("constraint_snapshot".to_owned(), snapshot.map(written).transpose()?.unwrap_or_default());
        let rules: Result<Vec<Value>, Failure> = graph.doctrine_refs.iter().map(written).collect();
        members.insert("doctrine_refs".to_owned(), rules?.into());
        Ok(members)
    }
}
