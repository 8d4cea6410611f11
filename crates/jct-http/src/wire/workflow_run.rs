//! Runs of workflows: where they are, and the graph of their steps.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderValue, LOCATION};
use jct_contract::{EventId, TaskId, Timestamp, WorkflowId, WorkflowRunId};
use jct_store::model::{RunFork, WorkflowRunRecord, WorkflowStepTask};
use jct_tower::workflows::{RunView, StartedRun, StepView};
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::enqueue::replayed;
use super::json;
use super::task::raw;
use crate::problem::Problem;

/// A run of one version of a workflow.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WorkflowRun)]
pub(crate) struct WorkflowRunBody<'a> {
    #[schema(value_type = String, format = "uuid")]
    id: WorkflowRunId,
    #[schema(value_type = String, format = "uuid")]
    workflow_id: WorkflowId,
    version: u32,
    /// `running`, `stopping`, `succeeded`, `failed` or `cancelled`.
    #[schema(example = "running")]
    status: &'static str,
    /// The event that started it, or the run that it was forked from.
    #[schema(value_type = Option<String>, format = "uuid")]
    event_id: Option<EventId>,
    forked_from: Option<ForkedFromBody<'a>>,
    /// How many events of the tower stand between it and something from outside.
    depth: u32,
    /// For whom its tasks are handed in.
    started_by: &'a str,
    trace_id: &'a str,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When its time is over.
    #[schema(value_type = String, format = DateTime)]
    deadline_at: Timestamp,
    #[schema(value_type = Option<String>, format = DateTime)]
    finished_at: Option<Timestamp>,
    /// What it came to.
    #[schema(value_type = Option<Object>)]
    result: Option<&'a RawValue>,
    /// Why it did not succeed.
    error: Option<&'a str>,
    #[schema(value_type = Option<String>, format = DateTime)]
    cancel_requested_at: Option<Timestamp>,
    cancel_requested_by: Option<&'a str>,
}

/// Where a fork comes from.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WorkflowRunFork)]
struct ForkedFromBody<'a> {
    /// The run that is done again.
    #[schema(value_type = String, format = "uuid")]
    run_id: WorkflowRunId,
    /// The step from which on.
    step: &'a str,
}

/// A run with its graph.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WorkflowRunView)]
pub(crate) struct WorkflowRunViewBody<'a> {
    #[serde(flatten)]
    run: WorkflowRunBody<'a>,
    /// The name of the workflow.
    workflow: &'a str,
    /// What expressions see as `event`; `null` if it was started by hand without one.
    #[schema(value_type = Option<Object>)]
    event: &'a RawValue,
    /// In the order of the definition.
    steps: Vec<StepBody<'a>>,
}

/// A step of a run.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WorkflowRunStep)]
struct StepBody<'a> {
    #[schema(example = "build")]
    id: &'a str,
    name: &'a str,
    /// The steps that have to be done before.
    dependencies: &'a [String],
    /// `waiting`, `ready`, `running`, `succeeded`, `failed`, `skipped` or `cancelled`.
    #[schema(example = "waiting")]
    status: &'static str,
    /// Whether it was taken over from the run that this one was forked from.
    kept: bool,
    /// More about how it stands, for people.
    detail: Option<&'a str>,
    attempts: Vec<StepAttemptBody<'a>>,
}

/// One attempt of a step: a task.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WorkflowStepAttempt)]
struct StepAttemptBody<'a> {
    /// Which attempt, from 1.
    attempt: u32,
    #[schema(value_type = String, format = "uuid")]
    task_id: TaskId,
    /// The status of the task; `null` while it is not over.
    #[schema(example = "completed")]
    status: Option<&'static str>,
    /// Why the task ended.
    #[schema(example = "COMPLETED")]
    reason: Option<&'static str>,
    error: Option<&'a str>,
    #[schema(value_type = String, format = DateTime)]
    enqueued_at: Timestamp,
    /// When the attempt's time is over.
    #[schema(value_type = String, format = DateTime)]
    deadline_at: Timestamp,
    #[schema(value_type = Option<String>, format = DateTime)]
    started_at: Option<Timestamp>,
    #[schema(value_type = Option<String>, format = DateTime)]
    finished_at: Option<Timestamp>,
}

impl<'a> WorkflowRunBody<'a> {
    pub(crate) fn of(record: &'a WorkflowRunRecord) -> Result<Self, Problem> {
        let (end, cancel) = (record.end.as_ref(), record.cancel.as_ref());
        Ok(Self {
            id: record.id,
            workflow_id: record.workflow_id,
            version: record.version,
            status: record.status.as_str(),
            event_id: record.event_id,
            forked_from: record.fork.as_ref().map(|RunFork { from, step }| ForkedFromBody { run_id: *from, step }),
            depth: record.depth,
            started_by: record.started_by.name(),
            trace_id: record.trace_id.as_str(),
            created_at: record.created_at,
            deadline_at: record.deadline_at,
            finished_at: end.map(|end| end.at),
            result: end.and_then(|end| end.result.as_deref()).map(raw).transpose()?,
            error: end.and_then(|end| end.error.as_deref()),
            cancel_requested_at: cancel.map(|cancel| cancel.at),
            cancel_requested_by: cancel.map(|cancel| cancel.by.as_str()),
        })
    }
}

impl<'a> WorkflowRunViewBody<'a> {
    pub(crate) fn of(view: &'a RunView) -> Result<Self, Problem> {
        Ok(Self {
            run: WorkflowRunBody::of(&view.run)?,
            workflow: &view.workflow,
            event: raw(&view.event)?,
            steps: view.steps.iter().map(StepBody::of).collect(),
        })
    }
}

impl<'a> StepBody<'a> {
    fn of(step: &'a StepView) -> Self {
        Self {
            id: &step.id,
            name: &step.name,
            dependencies: &step.dependencies,
            status: step.status.as_str(),
            kept: step.kept,
            detail: step.detail.as_deref(),
            attempts: step.attempts.iter().map(StepAttemptBody::of).collect(),
        }
    }
}

impl<'a> StepAttemptBody<'a> {
    fn of(task: &'a WorkflowStepTask) -> Self {
        let end = task.end.as_ref();
        Self {
            attempt: task.attempt,
            task_id: task.task_id,
            status: end.map(|end| end.status.as_str()),
            reason: end.map(|end| end.reason.as_str()),
            error: end.and_then(|end| end.error.as_deref()),
            enqueued_at: task.enqueued_at,
            deadline_at: task.deadline_at,
            started_at: end.and_then(|end| end.started_at),
            finished_at: end.map(|end| end.finished_at),
        }
    }
}

/// A run that was asked for: as one that was started, or `200` if it was there already.
pub(crate) fn workflow_run_answer(started: &StartedRun) -> Result<HttpResponse, Problem> {
    if !started.replayed {
        return workflow_run_started(&started.run);
    }
    let mut response = with_path(StatusCode::OK, &started.run)?;
    replayed(&mut response);
    Ok(response)
}

/// A run that was started: `201` with its path.
pub(crate) fn workflow_run_started(record: &WorkflowRunRecord) -> Result<HttpResponse, Problem> {
    with_path(StatusCode::CREATED, record)
}

fn with_path(status: StatusCode, record: &WorkflowRunRecord) -> Result<HttpResponse, Problem> {
    let mut response = json(status, &WorkflowRunBody::of(record)?)?;
    if let Ok(location) = HeaderValue::from_str(&format!("/workflows/{}/runs/{}", record.workflow_id, record.id)) {
        response.headers_mut().insert(LOCATION, location);
    }
    Ok(response)
}
