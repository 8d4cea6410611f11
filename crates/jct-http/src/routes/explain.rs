//! "Why is this task not running?"

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};

use crate::auth::{Access, TasksRead};
use crate::input::{QueryReader, TaskPath};
use crate::problem::Problem;
use crate::wire::{ExplanationBody, json};

/// Why a task is waiting, or where it runs, or how it ended: from data, with a sentence for people.
#[utoipa::path(get, path = "/tasks/{task_id}/explain", operation_id = "explainTask", tag = "tasks", security(("bearer" = ["tasks:read"])),
    params(("task_id" = String, Path, description = "The task.")),
    responses(
        (status = 200, description = "The explanation.", body = ExplanationBody<'static>),
        (status = 404, description = "No such task, or not an id.")
    )
)]
pub(crate) async fn explain_task(
    access: Access<TasksRead>,
    path: TaskPath,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    QueryReader::of(&request).finish()?;
    let id = path.id()?;
    let explanation = access.tower().task_explain(id).await?;
    json(StatusCode::OK, &ExplanationBody::of(id, &explanation))
}
