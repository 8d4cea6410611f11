//! Pausing and resuming the queue.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};
use jct_contract::{DocumentLimits, parse_document};

use crate::auth::{Access, QueueWrite};
use crate::input::{ObjectReader, QueryReader, RequestBody, printable};
use crate::openapi::PauseSchema;
use crate::problem::Problem;
use crate::wire::{PauseChangeBody, json};

const REASON_MAX_CHARS: usize = 500;

/// Stops handing out tasks; what runs goes on. A queue that is paused already keeps its first reason.
#[utoipa::path(post, path = "/queue/pause", operation_id = "pauseQueue", tag = "queue", security(("bearer" = ["queue:write"])),
    request_body = PauseSchema,
    responses((status = 200, description = "Paused.", body = PauseChangeBody<'static>))
)]
pub(crate) async fn pause_queue(
    access: Access<QueueWrite>,
    request: HttpRequest,
    body: RequestBody,
) -> Result<HttpResponse, Problem> {
    QueryReader::of(&request).finish()?;
    let reason = reason(&body.json().await?)?;
    let change = access.tower().queue_pause(access.principal(), reason).await?;
    json(StatusCode::OK, &PauseChangeBody::of(&change))
}

/// Hands out tasks again.
#[utoipa::path(post, path = "/queue/resume", operation_id = "resumeQueue", tag = "queue", security(("bearer" = ["queue:write"])),
    responses((status = 200, description = "Not paused.", body = PauseChangeBody<'static>))
)]
pub(crate) async fn resume_queue(
    access: Access<QueueWrite>,
    request: HttpRequest,
    body: RequestBody,
) -> Result<HttpResponse, Problem> {
    QueryReader::of(&request).finish()?;
    if let Some(bytes) = body.optional_json().await? {
        ObjectReader::of(&parse_document(&bytes, DocumentLimits::default())?).finish()?;
    }
    let change = access.tower().queue_resume(access.principal()).await?;
    json(StatusCode::OK, &PauseChangeBody::of(&change))
}

fn reason(bytes: &[u8]) -> Result<String, Problem> {
    let document = parse_document(bytes, DocumentLimits::default())?;
    let mut body = ObjectReader::of(&document);
    let is_there = body.field("reason").is_some();
    let reason = body.text("reason").unwrap_or_default();
    if !is_there {
        body.refuse("reason", "REQUIRED", "`reason` is required: others will ask why".to_owned());
    } else if let Err(message) = printable(&reason, REASON_MAX_CHARS) {
        body.refuse("reason", "VALUE_NOT_ALLOWED", format!("`reason` {message}"));
    }
    body.finish()?;
    Ok(reason)
}
