//! The attempts of a task.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};

use crate::auth::{Access, TasksRead};
use crate::input::{QueryReader, TaskPath};
use crate::problem::Problem;
use crate::wire::{AttemptBody, json};

/// The attempts of a task, first to last, with worker, times, reason and fence.
#[utoipa::path(get, path = "/tasks/{task_id}/attempts", operation_id = "listAttempts", tag = "tasks", security(("bearer" = ["tasks:read"])),
    params(("task_id" = String, Path, description = "The task.")),
    responses(
        (status = 200, description = "The attempts.", body = Vec<AttemptBody<'static>>),
        (status = 404, description = "No such task, or not an id.")
    )
)]
pub(crate) async fn task_attempts(
    access: Access<TasksRead>,
    path: TaskPath,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    QueryReader::of(&request).finish()?;
    let attempts = access.tower().task_attempts(path.id()?).await?;
    json(StatusCode::OK, &attempts.iter().map(AttemptBody::of).collect::<Vec<_>>())
}
