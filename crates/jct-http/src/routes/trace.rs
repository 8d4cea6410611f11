//! The proof of an attempt: what its sealed folder holds.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};

use crate::auth::{Access, TasksRead};
use crate::input::{TaskPath, attempt_of};
use crate::problem::Problem;
use crate::wire::{TraceBody, json};

/// The sealed trace of an attempt: by default of the one that decided, else of the last that has one.
#[utoipa::path(get, path = "/tasks/{task_id}/trace", operation_id = "getTrace", tag = "tasks", security(("bearer" = ["tasks:read"])),
    params(
        ("task_id" = String, Path, description = "The task."),
        ("attempt" = Option<u32>, Query, description = "Another attempt, from 1.")
    ),
    responses(
        (status = 200, description = "The manifest and the files.", body = TraceBody<'static>),
        (status = 404, description = "No such task, or no sealed trace that this server can see."),
        (status = 409, description = "The folder is not the one that was sealed.")
    )
)]
pub(crate) async fn task_trace(
    access: Access<TasksRead>,
    path: TaskPath,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let attempt = attempt_of(&request)?;
    let id = path.id()?;
    let sealed = access.tower().task_trace(id, attempt).await?;
    json(StatusCode::OK, &TraceBody::of(id, &sealed))
}
