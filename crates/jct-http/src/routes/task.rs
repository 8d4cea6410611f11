//! One task.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};

use crate::auth::{Access, TasksRead};
use crate::input::{QueryReader, TaskPath};
use crate::problem::Problem;
use crate::wire::{TaskBody, json};

/// One task.
#[utoipa::path(get, path = "/tasks/{task_id}", operation_id = "getTask", tag = "tasks", security(("bearer" = ["tasks:read"])),
    params(("task_id" = String, Path, description = "The task.")),
    responses(
        (status = 200, description = "The task.", body = TaskBody<'static>),
        (status = 404, description = "No such task, or not an id.")
    )
)]
pub(crate) async fn get_task(
    access: Access<TasksRead>,
    path: TaskPath,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    QueryReader::of(&request).finish()?;
    let record = access.tower().task(path.id()?).await?;
    json(StatusCode::OK, &TaskBody::of(&record)?)
}
