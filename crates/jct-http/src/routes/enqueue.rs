//! One task in.

use actix_web::{HttpRequest, HttpResponse, web};
use jct_contract::TaskSpec;
use jct_tower::intake::{EnqueueError, EnqueueRequest};

use crate::auth::{Access, TasksWrite};
use crate::edge::Edge;
use crate::input::{QueryReader, RequestBody, idempotency_key};
use crate::openapi::TaskSpecSchema;
use crate::problem::Problem;
use crate::wire::{EnqueueBody, enqueue_response};

/// Hands in a task. Durable when the answer arrives. A repetition with the same idempotency key and the same task is
/// answered with the task first created, `200` and `Idempotent-Replayed: true`.
#[utoipa::path(post, path = "/tasks/enqueue", operation_id = "enqueueTask", tag = "tasks", security(("bearer" = ["tasks:write"])),
    params(
        ("hold" = Option<bool>, Query, description = "Keep the task `pending` until it is released."),
        ("create_cwom" = Option<bool>, Query, description = "Whether to create the task's work objects with it, in one transaction; by default as the tower is configured, which is `true` unless set."),
        ("Idempotency-Key" = Option<String>, Header, description = "The same as the field `idempotency_key`.")
    ),
    request_body = TaskSpecSchema,
    responses(
        (status = 201, description = "Admitted and durable.", body = EnqueueBody<'static>),
        (status = 200, description = "A repetition: nothing was written.", body = EnqueueBody<'static>),
        (status = 409, description = "The idempotency key belongs to another task."),
        (status = 422, description = "The task breaks the contract, or the policy does not admit it.")
    )
)]
pub(crate) async fn enqueue_task(
    access: Access<TasksWrite>,
    edge: web::Data<Edge>,
    request: HttpRequest,
    body: RequestBody,
) -> Result<HttpResponse, Problem> {
    let answer = take(&access, &request, body).await;
    match &answer {
        Ok((_, replayed)) => edge.metrics.intake.taken(*replayed),
        Err(problem) => edge.metrics.intake.refused(problem.code()),
    }
    answer.map(|(response, _)| response)
}

async fn take(
    access: &Access<TasksWrite>,
    request: &HttpRequest,
    body: RequestBody,
) -> Result<(HttpResponse, bool), Problem> {
    let mut query = QueryReader::of(request);
    let (hold, create_objects) = (query.flag("hold"), query.choice("create_cwom"));
    query.finish()?;
    let header_key = idempotency_key(request)?;
    let mut spec = TaskSpec::from_json(&body.json().await?)?;
    if let Some(key) = header_key {
        spec = spec.with_idempotency_key(key).map_err(Problem::of_header_key)?;
    }
    let (trace_id, principal) = (access.trace_id().clone(), access.principal());
    let answer = access.tower().enqueue(EnqueueRequest { spec, trace_id, principal, hold, create_objects }).await;
    let enqueue = answer.map_err(|error| match error {
        EnqueueError::ReservedKey(violation) if header_key.is_some() => Problem::of_header_key(violation),
        other => Problem::of_enqueue(other, access.may_read_policy()),
    })?;
    Ok((enqueue_response(&enqueue)?, enqueue.replayed))
}
