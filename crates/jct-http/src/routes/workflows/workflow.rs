//! Workflows themselves.

use actix_web::{HttpRequest, HttpResponse};
use jct_tower::objects::Expect;
use jct_tower::workflows::{ChangeWorkflow, DefineWorkflow, WorkflowError, WorkflowKept, WorkflowRef};
use jct_workflow::WorkflowName;

use super::definition::{self, Asked};
use super::schemas::{NewWorkflowSchema, WorkflowChangeSchema};
use crate::auth::{Access, WorkflowsRead, WorkflowsWrite};
use crate::input::{NameCursor, QueryReader, RequestBody, expected_version, path_text};
use crate::problem::{ErrorCode, Problem};
use crate::wire::{self, WorkflowBody, page_named};

const DEFAULT_LIMIT: u32 = 100;
const MAX_LIMIT: u32 = 500;

/// Lists workflows by name. The body is an array; where the next page begins is in the headers `Link` (relation `next`)
/// and `X-Next-Cursor`, both absent on the last page.
#[utoipa::path(get, path = "/workflows", operation_id = "listWorkflows", tag = "workflows", security(("bearer" = ["workflows:read"])),
    params(
        ("active_only" = Option<bool>, Query, description = "`true` if absent; `false` lists those as well that events do not start."),
        ("limit" = Option<u32>, Query, description = "1 to 500, by default 100. A page with large definitions is shorter."),
        ("cursor" = Option<String>, Query, description = "Begin where a page before ended.")
    ),
    responses((status = 200, description = "A page.", body = Vec<WorkflowBody<'static>>))
)]
pub(super) async fn list_workflows(
    access: Access<WorkflowsRead>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let mut query = QueryReader::of(&request);
    let only_active = query.choice("active_only").unwrap_or(true);
    let limit = query.integer("limit", 1, MAX_LIMIT).unwrap_or(DEFAULT_LIMIT);
    let after = query.value::<NameCursor<WorkflowName>>("cursor");
    query.finish()?;
    let after = after.map(|NameCursor(name)| name.to_string());
    let page = access.tower().workflows(only_active, after, limit).await?;
    let defined = definition::of_records(page.items).await?;
    let bodies = defined.iter().map(|(record, definition)| WorkflowBody::of(record, definition));
    page_named(&request, &bodies.collect::<Result<Vec<_>, _>>()?, page.next.map(|name| NameCursor(name).to_string()))
}

/// Defines a workflow. The same definition again changes nothing.
#[utoipa::path(post, path = "/workflows", operation_id = "defineWorkflow", tag = "workflows", security(("bearer" = ["workflows:write"])),
    request_body(content((NewWorkflowSchema = "application/json"), (String = "application/yaml"))),
    responses(
        (status = 201, description = "The name was free.", body = WorkflowBody<'static>),
        (status = 200, description = "The same definition was there; nothing was written.", body = WorkflowBody<'static>),
        (status = 409, description = "The name has another definition, or this is not the first version."),
        (status = 422, description = "The definition breaks its contract; `violations` has every place.")
    )
)]
pub(super) async fn define_workflow(
    access: Access<WorkflowsWrite>,
    request: HttpRequest,
    body: RequestBody,
) -> Result<HttpResponse, Problem> {
    QueryReader::of(&request).finish()?;
    let definition = definition::of_body(body.document().await?).await?;
    let define = DefineWorkflow { definition, principal: access.principal() };
    let WorkflowKept { record, created } = access.tower().workflow_define(define).await?;
    let (record, definition) = definition::of_record(record).await?;
    wire::workflow_kept(&record, &definition, created)
}

/// One workflow with what it defines and its last run. The `ETag` is its revision, in quotes, which runs do not touch.
#[utoipa::path(get, path = "/workflows/{id}", operation_id = "getWorkflow", tag = "workflows", security(("bearer" = ["workflows:read"])),
    params(("id" = String, Path, description = "The workflow's id or name.")),
    responses(
        (status = 200, description = "The workflow.", body = WorkflowBody<'static>),
        (status = 404, description = "No such workflow.")
    )
)]
pub(super) async fn get_workflow(access: Access<WorkflowsRead>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    QueryReader::of(&request).finish()?;
    let record = access.tower().workflow(&workflow_ref(&request)?).await?;
    let (record, definition) = definition::of_record(record).await?;
    wire::workflow(&record, &definition)
}

/// Switches a workflow on or off, or gives it another definition, which is a new version. Runs keep the version that
/// they were started with. YAML is the definition itself.
#[utoipa::path(patch, path = "/workflows/{id}", operation_id = "changeWorkflow", tag = "workflows", security(("bearer" = ["workflows:write"])),
    params(
        ("id" = String, Path, description = "The workflow's id or name."),
        ("If-Match" = Option<String>, Header, description = "The `ETag` that the workflow has to have.")
    ),
    request_body(content((WorkflowChangeSchema = "application/json"), (String = "application/yaml"))),
    responses(
        (status = 200, description = "The workflow as it is now.", body = WorkflowBody<'static>),
        (status = 404, description = "No such workflow."),
        (status = 409, description = "The definition says that it is another version than the next."),
        (status = 412, description = "The workflow is not the revision that was expected."),
        (status = 422, description = "The definition breaks its contract, or has another name; `violations` has every place.")
    )
)]
pub(super) async fn change_workflow(
    access: Access<WorkflowsWrite>,
    request: HttpRequest,
    body: RequestBody,
) -> Result<HttpResponse, Problem> {
    QueryReader::of(&request).finish()?;
    let (which, expect) = (workflow_ref(&request)?, expected_version(&request)?);
    let Asked { active, definition, place } = definition::change_of_body(body.document().await?).await?;
    let expect = revision(&access, &which, expect).await?;
    let change = ChangeWorkflow { active, definition, expect, principal: access.principal() };
    let changed = access.tower().workflow_change(&which, change).await;
    let record = changed.map_err(|error| Problem::of_workflow_change(error, place))?;
    let (record, definition) = definition::of_record(record).await?;
    wire::workflow(&record, &definition)
}

/// The revision to compare with. A change is compared with one; what admits several is that which the workflow has.
async fn revision(
    access: &Access<WorkflowsWrite>,
    which: &WorkflowRef,
    expect: Expect,
) -> Result<Option<u64>, Problem> {
    let Expect::OneOf(revisions) = expect else { return Ok(None) };
    let current = access.tower().workflow(which).await?.revision;
    if revisions.contains(&current) { Ok(Some(current)) } else { Err(WorkflowError::Stale { current }.into()) }
}

/// The `{id}` of a path: an id or a name. Whatever is neither names no workflow.
pub(super) fn workflow_ref(request: &HttpRequest) -> Result<WorkflowRef, Problem> {
    path_text(request, "id").parse().map_err(|_| Problem::plain(ErrorCode::WorkflowNotFound))
}
