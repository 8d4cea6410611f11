//! What a worker says about a job that it holds.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};
use bytes::Bytes;
use jct_contract::{DocumentLimits, TaskId, parse_document};
use jct_tower::jobs::{Completion, EventLevel, Failure, JobProgress, JobReport, LeaseProof};
use serde_json::{Map, Value};

use super::call::Call;
use super::claim::lease;
use super::schemas::{AckSchema, CompleteSchema, EventSchema, FailSchema, HeartbeatSchema, ProgressSchema};
use crate::auth::WorkerAccess;
use crate::input::{JobPath, ObjectReader, QueryReader, RequestBody};
use crate::problem::Problem;
use crate::wire::{JobEventBody, OperatorJobBody, RenewedBody, json, no_content};

const MESSAGE_MAX_CHARS: usize = 4_000;
const PAYLOAD_MAX_BYTES: usize = 64 * 1024;
const STATE_MAX_BYTES: usize = 512 * 1024;

/// Renews the lease, and tells whether somebody wants the job to stop.
#[utoipa::path(post, path = "/api/queue/jobs/{job_id}/heartbeat", operation_id = "heartbeatJob", tag = "workers over HTTP",
    security(("worker" = [])), params(("job_id" = String, Path, description = "The job.")),
    request_body = HeartbeatSchema,
    responses(
        (status = 200, description = "Renewed.", body = RenewedBody<'static>),
        (status = 404, description = "No such job, or not an id."),
        (status = 409, description = "The lease is gone, or the job has ended.")
    )
)]
pub(super) async fn heartbeat(
    access: WorkerAccess,
    path: JobPath,
    request: HttpRequest,
    body: RequestBody,
) -> Result<HttpResponse, Problem> {
    let said = Said::read(&access, &path, &request, body, lease).await?;
    let renewed = access.tower().job_heartbeat(access.worker(), said.job, said.proof, said.what).await?;
    json(StatusCode::OK, &RenewedBody::of(&renewed))
}

/// Tells how far the job is.
#[utoipa::path(post, path = "/api/queue/jobs/{job_id}/progress", operation_id = "reportJobProgress", tag = "workers over HTTP",
    security(("worker" = [])), params(("job_id" = String, Path, description = "The job.")),
    request_body = ProgressSchema,
    responses(
        (status = 204, description = "Kept."),
        (status = 404, description = "No such job, or not an id."),
        (status = 409, description = "The lease is gone, or the job has ended.")
    )
)]
pub(super) async fn progress(
    access: WorkerAccess,
    path: JobPath,
    request: HttpRequest,
    body: RequestBody,
) -> Result<HttpResponse, Problem> {
    let said = Said::read(&access, &path, &request, body, |body| {
        body.require(&["message"]);
        let percent = body.integer("percent", 0, 100).and_then(|percent| u8::try_from(percent).ok());
        JobProgress { percent, message: body.prose("message", MESSAGE_MAX_CHARS).unwrap_or_default() }
    })
    .await?;
    access.tower().job_progress(access.worker(), said.job, said.proof, said.what).await?;
    Ok(no_content())
}

/// Adds to the history of the job.
#[utoipa::path(post, path = "/api/queue/jobs/{job_id}/events", operation_id = "appendJobEvent", tag = "workers over HTTP",
    security(("worker" = [])), params(("job_id" = String, Path, description = "The job.")),
    request_body = EventSchema,
    responses(
        (status = 201, description = "Kept; the event as those see it who follow the job.", body = JobEventBody),
        (status = 404, description = "No such job, or not an id."),
        (status = 409, description = "The lease is gone, or the job has ended.")
    )
)]
pub(super) async fn append_event(
    access: WorkerAccess,
    path: JobPath,
    request: HttpRequest,
    body: RequestBody,
) -> Result<HttpResponse, Problem> {
    let said = Said::read(&access, &path, &request, body, |body| {
        body.require(&["message"]);
        JobReport {
            level: body.value("level").unwrap_or(EventLevel::Info),
            message: body.prose("message", MESSAGE_MAX_CHARS).unwrap_or_default(),
            payload: object(body, "payload", PAYLOAD_MAX_BYTES).map(|(members, _)| members),
        }
    })
    .await?;
    let event = access.tower().job_report(access.worker(), said.job, said.proof, said.what).await?;
    json(StatusCode::CREATED, &JobEventBody::of(said.job, &event))
}

/// Ends the job with success. The same report again is answered like the first time.
#[utoipa::path(post, path = "/api/queue/jobs/{job_id}/complete", operation_id = "completeJob", tag = "workers over HTTP",
    security(("worker" = [])), params(("job_id" = String, Path, description = "The job.")),
    request_body = CompleteSchema,
    responses(
        (status = 200, description = "The job as it stands now.", body = OperatorJobBody<'static>),
        (status = 404, description = "No such job, or not an id."),
        (status = 409, description = "The lease is gone, or the job has ended in another way.")
    )
)]
pub(super) async fn complete(
    access: WorkerAccess,
    path: JobPath,
    request: HttpRequest,
    body: RequestBody,
) -> Result<HttpResponse, Problem> {
    let said = Said::read(&access, &path, &request, body, completion).await?;
    let record = access.tower().job_complete(access.worker(), said.job, said.proof, said.what).await?;
    json(StatusCode::OK, &OperatorJobBody::of(&record))
}

/// Ends the attempt as failed. A retryable failure goes back to the queue after a while, as long as attempts are left; the
/// last one makes the job a dead letter.
#[utoipa::path(post, path = "/api/queue/jobs/{job_id}/fail", operation_id = "failJob", tag = "workers over HTTP",
    security(("worker" = [])), params(("job_id" = String, Path, description = "The job.")),
    request_body = FailSchema,
    responses(
        (status = 200, description = "The job as it stands now.", body = OperatorJobBody<'static>),
        (status = 404, description = "No such job, or not an id."),
        (status = 409, description = "The lease is gone, or the job has ended in another way.")
    )
)]
pub(super) async fn fail(
    access: WorkerAccess,
    path: JobPath,
    request: HttpRequest,
    body: RequestBody,
) -> Result<HttpResponse, Problem> {
    let said = Said::read(&access, &path, &request, body, |body| {
        body.require(&["errorMessage"]);
        let message = body.prose("errorMessage", MESSAGE_MAX_CHARS).unwrap_or_default();
        Failure { message, is_retryable: body.flag("retryable").unwrap_or(false) }
    })
    .await?;
    let record = access.tower().job_fail(access.worker(), said.job, said.proof, said.what).await?;
    json(StatusCode::OK, &OperatorJobBody::of(&record))
}

/// Ends a job that somebody wanted to stop, once it has stopped.
#[utoipa::path(post, path = "/api/queue/jobs/{job_id}/cancel/ack", operation_id = "acknowledgeJobCancel", tag = "workers over HTTP",
    security(("worker" = [])), params(("job_id" = String, Path, description = "The job.")),
    request_body = AckSchema,
    responses(
        (status = 200, description = "The job as it stands now.", body = OperatorJobBody<'static>),
        (status = 404, description = "No such job, or not an id."),
        (status = 409, description = "The lease is gone, nobody wanted the job to stop, or it has ended in another way.")
    )
)]
pub(super) async fn acknowledge_cancel(
    access: WorkerAccess,
    path: JobPath,
    request: HttpRequest,
    body: RequestBody,
) -> Result<HttpResponse, Problem> {
    let said = Said::read(&access, &path, &request, body, |body| body.prose("message", MESSAGE_MAX_CHARS)).await?;
    let record = access.tower().job_cancel_ack(access.worker(), said.job, said.proof, said.what).await?;
    json(StatusCode::OK, &OperatorJobBody::of(&record))
}

/// What a worker said, about which job, with which lease.
struct Said<T> {
    job: TaskId,
    proof: LeaseProof,
    what: T,
}

impl<T> Said<T> {
    async fn read(
        access: &WorkerAccess,
        path: &JobPath,
        request: &HttpRequest,
        body: RequestBody,
        what: impl FnOnce(&mut ObjectReader<'_>) -> T,
    ) -> Result<Self, Problem> {
        QueryReader::of(request).finish()?;
        let bytes: Bytes = body.json().await?;
        let document = parse_document(&bytes, DocumentLimits::default())?;
        let mut fields = ObjectReader::of(&document);
        let call = Call::take(&mut fields);
        let what = what(&mut fields);
        fields.finish()?;
        Ok(Self { proof: call.proof(access.worker())?, job: path.id()?, what })
    }
}

/// The result is one object: the summary is a member of it, like any other.
fn completion(body: &mut ObjectReader<'_>) -> Completion {
    let summary = body.prose("resultSummary", MESSAGE_MAX_CHARS);
    let mut result = object(body, "result", usize::MAX).map(|(members, _)| members).unwrap_or_default();
    if let Some(summary) = summary {
        if result.contains_key("summary") {
            let message = "`resultSummary` becomes the member `summary` of the result: send one of them".to_owned();
            body.refuse("resultSummary", "VALUE_NOT_ALLOWED", message);
        }
        result.insert("summary".to_owned(), summary.into());
    }
    let manifest_state = object(body, "manifestState", STATE_MAX_BYTES).map(|(_, text)| text);
    Completion { result, manifest_state }
}

/// A free-form object and its canonical encoding, of at most `max` bytes.
fn object(body: &mut ObjectReader<'_>, name: &'static str, max: usize) -> Option<(Map<String, Value>, String)> {
    let text = body.free_form(name)?;
    if text.len() > max {
        body.refuse(name, "TOO_LARGE", format!("`{name}` has at most {max} bytes"));
        return None;
    }
    match serde_json::from_str(&text) {
        Ok(Value::Object(members)) => Some((members, text)),
        _ => None,
    }
}
