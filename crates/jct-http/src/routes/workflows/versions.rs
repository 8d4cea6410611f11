//! Versions of workflows.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};

use super::workflow::workflow_ref;
use crate::auth::{Access, WorkflowsRead};
use crate::input::{PageQuery, QueryReader, path_text};
use crate::problem::{ErrorCode, Problem};
use crate::wire::{WorkflowVersionBody, json, page};

/// Lists the versions of a workflow, newest first, without their definitions.
#[utoipa::path(get, path = "/workflows/{id}/versions", operation_id = "listWorkflowVersions", tag = "workflows", security(("bearer" = ["workflows:read"])),
    params(
        ("id" = String, Path, description = "The workflow's id or name."),
        ("limit" = Option<u32>, Query, description = "1 to 500, by default 100."),
        ("offset" = Option<u32>, Query, description = "Skip this many, at most 10000; use `cursor` to go further."),
        ("cursor" = Option<String>, Query, description = "Begin where a page before ended; not together with `offset`.")
    ),
    responses(
        (status = 200, description = "A page.", body = Vec<WorkflowVersionBody<'static>>),
        (status = 404, description = "No such workflow.")
    )
)]
pub(super) async fn list_workflow_versions(
    access: Access<WorkflowsRead>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let PageQuery { start, limit } = PageQuery::of(&request)?;
    let versions = access.tower().workflow_versions(&workflow_ref(&request)?, start, limit).await?;
    page(&request, &versions.items.iter().map(WorkflowVersionBody::of).collect::<Vec<_>>(), versions.next)
}

/// One version with its definition. It never changes.
#[utoipa::path(get, path = "/workflows/{id}/versions/{version}", operation_id = "getWorkflowVersion", tag = "workflows", security(("bearer" = ["workflows:read"])),
    params(
        ("id" = String, Path, description = "The workflow's id or name."),
        ("version" = u32, Path, description = "The number of the version, from 1.")
    ),
    responses(
        (status = 200, description = "The version.", body = WorkflowVersionBody<'static>),
        (status = 404, description = "No such workflow, or it has no such version.")
    )
)]
pub(super) async fn get_workflow_version(
    access: Access<WorkflowsRead>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    QueryReader::of(&request).finish()?;
    let (which, version) = (workflow_ref(&request)?, version(&request)?);
    let record = access.tower().workflow_version(&which, version).await?;
    json(StatusCode::OK, &WorkflowVersionBody::with_definition(&record)?)
}

/// The `{version}` of a path, in its one spelling.
fn version(request: &HttpRequest) -> Result<u32, Problem> {
    let text = path_text(request, "version");
    let number = text.parse::<u32>().ok().filter(|number| number.to_string() == text);
    number.ok_or_else(|| Problem::plain(ErrorCode::WorkflowVersionNotFound))
}
