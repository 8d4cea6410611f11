//! Runs as a reviewer needs them: everything about one, what it changed, and pushing that.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};
use bytes::Bytes;
use jct_contract::{DocumentLimits, RunId, parse_document};
use jct_cwom::ObjectKind;
use jct_tower::runs::{BranchName, ChangeFile};

use super::trace_file::stream;
use crate::auth::{Access, CwomRead, RunsPush, TasksRead};
use crate::input::{ObjectReader, QueryReader, RequestBody, object_id};
use crate::openapi::PushSchema;
use crate::problem::Problem;
use crate::wire::{PushedBody, RunViewBody, json};

/// A run with its task, issue, evidence, review, and what it changed.
#[utoipa::path(get, path = "/runs/{id}", operation_id = "viewRun", tag = "runs", security(("bearer" = ["cwom:read"])),
    params(("id" = String, Path, description = "The run.")),
    responses(
        (status = 200, description = "The run and all that belongs to it.", body = RunViewBody<'static>),
        (status = 404, description = "No such run, or not an id.")
    )
)]
pub(crate) async fn view_run(access: Access<CwomRead>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    QueryReader::of(&request).finish()?;
    let view = access.tower().run_view(run_id(&request)?).await?;
    json(StatusCode::OK, &RunViewBody::of(&view))
}

/// What a run changed, as a patch for `git apply --index`. Its digest is in the `ETag`.
#[utoipa::path(get, path = "/runs/{id}/diff", operation_id = "getRunDiff", tag = "runs", security(("bearer" = ["tasks:read"])),
    params(("id" = String, Path, description = "The run.")),
    responses(
        (status = 200, description = "The patch.", body = String, content_type = "text/x-diff"),
        (status = 404, description = "No such run, it changed nothing, or the patch was not preserved."),
        (status = 409, description = "The trace is not the one that was sealed.")
    )
)]
pub(crate) async fn run_diff(access: Access<TasksRead>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    QueryReader::of(&request).finish()?;
    let file = access.tower().run_file(run_id(&request)?, ChangeFile::Patch).await?;
    Ok(stream(file, "text/x-diff; charset=utf-8", "inline"))
}

/// The commits of a run as a git bundle. Its digest is in the `ETag`.
#[utoipa::path(get, path = "/runs/{id}/bundle", operation_id = "getRunBundle", tag = "runs", security(("bearer" = ["tasks:read"])),
    params(("id" = String, Path, description = "The run.")),
    responses(
        (status = 200, description = "The bundle.", body = String, content_type = "application/octet-stream"),
        (status = 404, description = "No such run, it changed nothing, or the bundle was not preserved."),
        (status = 409, description = "The trace is not the one that was sealed.")
    )
)]
pub(crate) async fn run_bundle(access: Access<TasksRead>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    QueryReader::of(&request).finish()?;
    let file = access.tower().run_file(run_id(&request)?, ChangeFile::Bundle).await?;
    Ok(stream(file, "application/octet-stream", "attachment"))
}

/// Pushes the commits of an approved run to the repository that they came from. Nothing is ever overwritten, and what
/// was pushed already is not pushed twice.
#[utoipa::path(post, path = "/runs/{id}/push", operation_id = "pushRun", tag = "runs", security(("bearer" = ["runs:push"])),
    params(("id" = String, Path, description = "The run.")),
    request_body(content = Option<PushSchema>),
    responses(
        (status = 200, description = "The repository has the commit at that branch.", body = PushedBody<'static>),
        (status = 404, description = "No such run, it changed nothing, or the bundle was not preserved."),
        (status = 409, description = "The run is not approved, what is there is not what was approved, the branch has another commit, or the repository refuses.")
    )
)]
pub(crate) async fn push_run(
    access: Access<RunsPush>,
    request: HttpRequest,
    body: RequestBody,
) -> Result<HttpResponse, Problem> {
    QueryReader::of(&request).finish()?;
    let branch = branch_of(body.optional_json().await?.as_ref())?;
    let run = run_id(&request)?;
    let pushed = access.tower().run_push(run, branch, access.principal(), access.trace_id().clone()).await?;
    json(StatusCode::OK, &PushedBody::of(&pushed))
}

fn run_id(request: &HttpRequest) -> Result<RunId, Problem> {
    object_id(request, ObjectKind::Run)
}

fn branch_of(body: Option<&Bytes>) -> Result<Option<BranchName>, Problem> {
    let Some(bytes) = body else { return Ok(None) };
    let document = parse_document(bytes, DocumentLimits::default())?;
    let mut reader = ObjectReader::of(&document);
    let branch = reader.value("branch");
    reader.finish()?;
    Ok(branch)
}
