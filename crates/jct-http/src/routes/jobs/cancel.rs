//! Calling a job off.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};
use jct_contract::{DocumentLimits, parse_document};

use super::schemas::CancelSchema;
use crate::auth::{Access, JobsWrite};
use crate::input::{JobPath, ObjectReader, QueryReader, RequestBody};
use crate::problem::Problem;
use crate::wire::{OperatorJobBody, json};

const REASON_MAX_CHARS: usize = 1_000;

/// Cancels a job: at once while it waits; a running one is asked to stop, which its worker hears with its next heartbeat.
/// Asking again changes nothing: the first reason stays.
#[utoipa::path(post, path = "/api/queue/jobs/{job_id}/cancel", operation_id = "cancelJob", tag = "jobs", security(("bearer" = ["jobs:write"])),
    params(("job_id" = String, Path, description = "The job.")),
    request_body(content = Option<CancelSchema>),
    responses(
        (status = 200, description = "The job as it stands now.", body = OperatorJobBody<'static>),
        (status = 404, description = "No such job, or not an id."),
        (status = 409, description = "The job has ended in another way.")
    )
)]
pub(super) async fn cancel_job(
    access: Access<JobsWrite>,
    path: JobPath,
    request: HttpRequest,
    body: RequestBody,
) -> Result<HttpResponse, Problem> {
    QueryReader::of(&request).finish()?;
    let reason = match body.optional_json().await? {
        Some(bytes) => {
            let document = parse_document(&bytes, DocumentLimits::default())?;
            let mut fields = ObjectReader::of(&document);
            let reason = fields.prose("reason", REASON_MAX_CHARS);
            fields.finish()?;
            reason
        }
        None => None,
    };
    let record = access.tower().job_cancel(path.id()?, reason, access.principal()).await?;
    json(StatusCode::OK, &OperatorJobBody::of(&record))
}
