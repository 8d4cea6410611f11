//! The task object: the names and the order that clients know, and then what came later.

use jct_contract::{Constraints, IssueId, NormalizedTask, RequestedBy, TaskId, Timestamp};
use jct_lifecycle::{ReasonCode, TaskStatus};
use jct_store::model::{TaskRecord, TaskState};
use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::parties::{HolderBody, PrincipalBody};
use crate::problem::Problem;

/// A task.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Task)]
pub(crate) struct TaskBody<'a> {
    #[schema(value_type = String, format = "uuid")]
    task_id: TaskId,
    #[schema(example = "1.0")]
    version: &'static str,
    idempotency_key: Option<&'a str>,
    /// Who wants it, in the words of the caller.
    #[schema(value_type = Object)]
    requested_by: &'a RequestedBy,
    objective: &'a str,
    #[schema(example = "analysis")]
    operation: &'static str,
    target: TargetBody<'a>,
    #[schema(value_type = Object)]
    constraints: &'a Constraints,
    #[schema(value_type = Object)]
    inputs: &'a Map<String, Value>,
    #[schema(value_type = Object)]
    metadata: &'a Map<String, Value>,
    #[schema(value_type = String, example = "queued")]
    status: TaskStatus,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = Option<String>, format = DateTime)]
    queued_at: Option<Timestamp>,
    #[schema(value_type = Option<String>, format = DateTime)]
    started_at: Option<Timestamp>,
    #[schema(value_type = Option<String>, format = DateTime)]
    completed_at: Option<Timestamp>,
    assigned_to: Option<&'a str>,
    /// The result of a completed task.
    #[schema(value_type = Option<Object>)]
    result: Option<&'a RawValue>,
    /// Why a failed or cancelled task ended.
    error: Option<&'a str>,
    trace_path: Option<&'a str>,
    /// The issue that was created with the task.
    #[schema(value_type = Option<String>, format = "uuid")]
    cwom_issue_id: Option<IssueId>,
    trace_id: &'a str,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
    acceptance_criteria: &'a [String],
    evidence_requirements: &'a [String],
    /// Why the task, or its last attempt, ended.
    #[schema(value_type = Option<String>, example = "COMPLETED")]
    reason: Option<ReasonCode>,
    /// Attempts made so far, the running one included.
    attempts: u32,
    /// Who was authenticated when the task was handed in.
    submitted_by: PrincipalBody<'a>,
    /// Not before this moment; only while queued.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    run_at: Option<Timestamp>,
    /// Attempts the task gets in all; only while queued.
    #[serde(skip_serializing_if = "Option::is_none")]
    max_attempts: Option<u32>,
    /// Only while running.
    #[serde(skip_serializing_if = "Option::is_none")]
    lease: Option<LeaseBody<'a>>,
}

/// What a task works on.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Target)]
struct TargetBody<'a> {
    #[schema(example = "myorg/service")]
    repo: &'a str,
    #[schema(example = "main")]
    r#ref: &'a str,
    path: &'a str,
}

/// The lease of a running task.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Lease)]
struct LeaseBody<'a> {
    /// `epoch.generation`.
    #[schema(example = "1.3")]
    fence: String,
    #[schema(value_type = String, format = DateTime)]
    acquired_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
    holder: HolderBody<'a>,
    #[schema(value_type = Option<String>, format = DateTime)]
    cancel_requested_at: Option<Timestamp>,
}

/// What depends on where the task stands.
#[derive(Default)]
struct Standing<'a> {
    queued_at: Option<Timestamp>,
    started_at: Option<Timestamp>,
    completed_at: Option<Timestamp>,
    assigned_to: Option<&'a str>,
    result: Option<&'a RawValue>,
    error: Option<&'a str>,
    trace_path: Option<&'a str>,
    reason: Option<ReasonCode>,
    attempts: u32,
    run_at: Option<Timestamp>,
    max_attempts: Option<u32>,
    lease: Option<LeaseBody<'a>>,
}

impl<'a> TaskBody<'a> {
    pub(crate) fn of(record: &'a TaskRecord) -> Result<Self, Problem> {
        let TaskRecord { id, task, trace_id, submitter, created_at, issue_id, state, job: _, manifest: _ } = record;
        let Standing {
            queued_at,
            started_at,
            completed_at,
            assigned_to,
            result,
            error,
            trace_path,
            reason,
            attempts,
            run_at,
            max_attempts,
            lease,
        } = Standing::of(state)?;
        Ok(Self {
            task_id: *id,
            version: task.version(),
            idempotency_key: task.idempotency_key(),
            requested_by: task.requested_by(),
            objective: task.objective(),
            operation: task.operation().as_str(),
            target: TargetBody::of(task),
            constraints: task.constraints(),
            inputs: task.inputs(),
            metadata: task.metadata(),
            status: state.status(),
            created_at: *created_at,
            queued_at,
            started_at,
            completed_at,
            assigned_to,
            result,
            error,
            trace_path,
            cwom_issue_id: *issue_id,
            trace_id: trace_id.as_str(),
            updated_at: state.updated_at(),
            acceptance_criteria: task.acceptance_criteria(),
            evidence_requirements: task.evidence_requirements(),
            reason,
            attempts,
            submitted_by: PrincipalBody::of(submitter),
            run_at,
            max_attempts,
            lease,
        })
    }
}

impl<'a> TargetBody<'a> {
    fn of(task: &'a NormalizedTask) -> Self {
        Self { repo: task.repo().as_str(), r#ref: task.ref_(), path: task.path() }
    }
}

impl<'a> Standing<'a> {
    fn of(state: &'a TaskState) -> Result<Self, Problem> {
        Ok(match state {
            TaskState::Pending { .. } => Self::default(),
            TaskState::Queued { queued_at, started_at, updated_at: _, run_at, attempts, max_attempts, last_reason } => {
                Self {
                    queued_at: Some(*queued_at),
                    started_at: *started_at,
                    reason: *last_reason,
                    attempts: *attempts,
                    run_at: Some(*run_at),
                    max_attempts: Some(*max_attempts),
                    ..Self::default()
                }
            }
            TaskState::Running { queued_at, started_at, attempt, assigned_to, .. } => Self {
                queued_at: Some(*queued_at),
                started_at: Some(*started_at),
                assigned_to: Some(assigned_to),
                attempts: *attempt,
                lease: LeaseBody::of(state),
                ..Self::default()
            },
            TaskState::Finished {
                status: _,
                reason,
                outcome,
                queued_at,
                started_at,
                finished_at,
                attempt,
                assigned_to,
                trace,
            } => Self {
                queued_at: *queued_at,
                started_at: *started_at,
                completed_at: Some(*finished_at),
                assigned_to: assigned_to.as_deref(),
                result: outcome.as_deref().ok().map(raw).transpose()?,
                error: outcome.as_ref().err().map(String::as_str),
                trace_path: trace.as_ref().map(|trace| trace.path.as_str()),
                reason: Some(*reason),
                attempts: attempt.unwrap_or(0),
                ..Self::default()
            },
        })
    }
}

impl<'a> LeaseBody<'a> {
    fn of(state: &'a TaskState) -> Option<Self> {
        let TaskState::Running { acquired_at, expires_at, fence, holder, cancel_requested_at, .. } = state else {
            return None;
        };
        Some(Self {
            fence: fence.to_string(),
            acquired_at: *acquired_at,
            expires_at: *expires_at,
            holder: HolderBody::of(holder),
            cancel_requested_at: *cancel_requested_at,
        })
    }
}

/// Stored JSON, passed on as it is.
pub(crate) fn raw(text: &str) -> Result<&RawValue, Problem> {
    serde_json::from_str(text).map_err(Problem::internal)
}
