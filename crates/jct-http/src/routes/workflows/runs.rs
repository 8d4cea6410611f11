//! Runs of workflows: started, looked at, called off, done again.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};
use jct_contract::door::header_key;
use jct_contract::{DocumentLimits, WorkflowRunId, parse_document};
use jct_event::NewEvent;
use jct_tower::workflows::StartRun;
use jct_workflow::StepId;

use super::schemas::{ForkRunSchema, StartRunSchema};
use super::workflow::workflow_ref;
use crate::auth::{Access, WorkflowsRead, WorkflowsWrite};
use crate::input::{ObjectReader, PageQuery, QueryReader, RequestBody, idempotency_key, path_id};
use crate::problem::{ErrorCode, Problem};
use crate::wire::{WorkflowRunBody, WorkflowRunViewBody, json, page, workflow_run_answer, workflow_run_started};

/// Lists the runs of a workflow, newest first.
#[utoipa::path(get, path = "/workflows/{id}/runs", operation_id = "listWorkflowRuns", tag = "workflows", security(("bearer" = ["workflows:read"])),
    params(
        ("id" = String, Path, description = "The workflow's id or name."),
        ("limit" = Option<u32>, Query, description = "1 to 500, by default 100."),
        ("offset" = Option<u32>, Query, description = "Skip this many, at most 10000; use `cursor` to go further."),
        ("cursor" = Option<String>, Query, description = "Begin where a page before ended; not together with `offset`.")
    ),
    responses(
        (status = 200, description = "A page.", body = Vec<WorkflowRunBody<'static>>),
        (status = 404, description = "No such workflow.")
    )
)]
pub(super) async fn list_workflow_runs(
    access: Access<WorkflowsRead>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let PageQuery { start, limit } = PageQuery::of(&request)?;
    let runs = access.tower().workflow_runs(&workflow_ref(&request)?, start, limit).await?;
    let bodies = runs.items.iter().map(WorkflowRunBody::of).collect::<Result<Vec<_>, _>>()?;
    page(&request, &bodies, runs.next)
}

/// Starts a run of the version in force, for the caller, whether events start the workflow or not. The body may be left
/// out. The same `idempotency_key` with the same event, or none again, is answered with the run first started, `200` and
/// `Idempotent-Replayed: true`.
#[utoipa::path(post, path = "/workflows/{id}/runs", operation_id = "startWorkflowRun", tag = "workflows", security(("bearer" = ["workflows:write"])),
    params(
        ("id" = String, Path, description = "The workflow's id or name."),
        ("Idempotency-Key" = Option<String>, Header, description = "The same as the field `idempotency_key`.")
    ),
    request_body(content = Option<StartRunSchema>),
    responses(
        (status = 201, description = "Started.", body = WorkflowRunBody<'static>),
        (status = 200, description = "Started before under this key; the run as it stands now.", body = WorkflowRunBody<'static>),
        (status = 404, description = "No such workflow."),
        (status = 409, description = "The idempotency key belongs to another run; `run_id` says which.")
    )
)]
pub(super) async fn start_workflow_run(
    access: Access<WorkflowsWrite>,
    request: HttpRequest,
    body: RequestBody,
) -> Result<HttpResponse, Problem> {
    QueryReader::of(&request).finish()?;
    let (which, header) = (workflow_ref(&request)?, idempotency_key(&request)?);
    let (event, key) = match body.optional_json().await? {
        Some(bytes) => asked_for(&bytes)?,
        None => (None, None),
    };
    let idempotency_key = match header {
        Some(header) => Some(header_key(key.as_deref(), header).map_err(Problem::of_header_key)?),
        None => key,
    };
    let (principal, trace_id) = (access.principal(), access.trace_id().clone());
    let start = StartRun { event, idempotency_key, principal, trace_id };
    workflow_run_answer(&access.tower().workflow_start(&which, start).await?)
}

/// One run with its graph: every step, where it is, and the tasks of its attempts.
#[utoipa::path(get, path = "/workflows/{id}/runs/{run}", operation_id = "getWorkflowRun", tag = "workflows", security(("bearer" = ["workflows:read"])),
    params(
        ("id" = String, Path, description = "The workflow's id or name."),
        ("run" = String, Path, description = "The run's id.")
    ),
    responses(
        (status = 200, description = "The run.", body = WorkflowRunViewBody<'static>),
        (status = 404, description = "No such workflow, or it has no such run.")
    )
)]
pub(super) async fn get_workflow_run(
    access: Access<WorkflowsRead>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    QueryReader::of(&request).finish()?;
    let view = access.tower().workflow_run(&workflow_ref(&request)?, run_id(&request)?).await?;
    json(StatusCode::OK, &WorkflowRunViewBody::of(&view)?)
}

/// Calls a run off: no step begins any more, and the tasks of those that run are asked to stop. Asking again changes
/// nothing.
#[utoipa::path(post, path = "/workflows/{id}/runs/{run}/cancel", operation_id = "cancelWorkflowRun", tag = "workflows", security(("bearer" = ["workflows:write"])),
    params(
        ("id" = String, Path, description = "The workflow's id or name."),
        ("run" = String, Path, description = "The run's id.")
    ),
    responses(
        (status = 202, description = "It will stop.", body = WorkflowRunBody<'static>),
        (status = 404, description = "No such workflow, or it has no such run."),
        (status = 409, description = "The run is over; `run_status` says how it ended.")
    )
)]
pub(super) async fn cancel_workflow_run(
    access: Access<WorkflowsWrite>,
    request: HttpRequest,
    body: RequestBody,
) -> Result<HttpResponse, Problem> {
    QueryReader::of(&request).finish()?;
    let (which, run) = (workflow_ref(&request)?, run_id(&request)?);
    body.nothing().await?;
    let record = access.tower().workflow_cancel(&which, run, access.principal()).await?;
    json(StatusCode::ACCEPTED, &WorkflowRunBody::of(&record)?)
}

/// Does a run that is over again from a step on, as a new run for the caller, in the version and with the event that it
/// had. What succeeded elsewhere is kept.
#[utoipa::path(post, path = "/workflows/{id}/runs/{run}/fork", operation_id = "forkWorkflowRun", tag = "workflows", security(("bearer" = ["workflows:write"])),
    params(
        ("id" = String, Path, description = "The workflow's id or name."),
        ("run" = String, Path, description = "The run's id.")
    ),
    request_body = ForkRunSchema,
    responses(
        (status = 201, description = "The new run is started.", body = WorkflowRunBody<'static>),
        (status = 404, description = "No such workflow, or it has no such run."),
        (status = 409, description = "The run is not over."),
        (status = 422, description = "The run has no such step.")
    )
)]
pub(super) async fn fork_workflow_run(
    access: Access<WorkflowsWrite>,
    request: HttpRequest,
    body: RequestBody,
) -> Result<HttpResponse, Problem> {
    QueryReader::of(&request).finish()?;
    let (which, run) = (workflow_ref(&request)?, run_id(&request)?);
    let (from, by, trace_id) = (from_step(&body.json().await?)?, access.principal(), access.trace_id().clone());
    workflow_run_started(&access.tower().workflow_fork(&which, run, from, by, trace_id).await?)
}

fn run_id(request: &HttpRequest) -> Result<WorkflowRunId, Problem> {
    path_id(request, "run").ok_or_else(|| Problem::plain(ErrorCode::WorkflowRunNotFound))
}

/// The event and the idempotency key that a body brings, if it does.
fn asked_for(bytes: &[u8]) -> Result<(Option<NewEvent>, Option<String>), Problem> {
    let document = parse_document(bytes, DocumentLimits::default())?;
    let mut body = ObjectReader::of(&document);
    let (event, key) = (body.json("event"), body.idempotency_key());
    let found = body.finish_into();
    match event.map(|event| NewEvent::from_json(event.to_string().as_bytes())).transpose() {
        Err(error) => Err(Problem::of_run_event(error).beside(found)),
        Ok(_) if !found.is_empty() => Err(Problem::invalid(ErrorCode::InvalidRequest, found)),
        Ok(event) => Ok((event, key)),
    }
}

fn from_step(bytes: &[u8]) -> Result<StepId, Problem> {
    let document = parse_document(bytes, DocumentLimits::default())?;
    let mut body = ObjectReader::of(&document);
    body.require(&["from_step"]);
    let step = body.value("from_step");
    body.finish()?;
    // One that is missing was refused.
    step.ok_or_else(|| Problem::internal("a fork without a step"))
}
