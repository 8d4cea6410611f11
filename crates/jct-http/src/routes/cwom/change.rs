//! Changing issues and runs, the two kinds that change.

use actix_web::{HttpRequest, HttpResponse};
use jct_cwom::{IssueChange, ObjectKind, RunChange, parse};
use jct_tower::objects::ObjectChange;

use super::status;
use crate::auth::{Access, CwomWrite};
use crate::input::{QueryReader, RequestBody, expected_version, object_id};
use crate::problem::Problem;
use crate::wire::object;

/// Changes members of an issue.
pub(super) async fn issue(
    access: Access<CwomWrite>,
    request: HttpRequest,
    body: RequestBody,
) -> Result<HttpResponse, Problem> {
    QueryReader::of(&request).finish()?;
    let change: IssueChange = parse(&body.json().await?)?;
    make(&access, &request, ObjectChange::Issue(object_id(&request, ObjectKind::Issue)?, change)).await
}

/// Changes how a run stands.
pub(super) async fn run(
    access: Access<CwomWrite>,
    request: HttpRequest,
    body: RequestBody,
) -> Result<HttpResponse, Problem> {
    QueryReader::of(&request).finish()?;
    let change: RunChange = parse(&body.json().await?)?;
    make(&access, &request, ObjectChange::Run(object_id(&request, ObjectKind::Run)?, change)).await
}

/// Moves an issue.
pub(super) async fn issue_status(
    access: Access<CwomWrite>,
    request: HttpRequest,
    body: RequestBody,
) -> Result<HttpResponse, Problem> {
    let status = Some(status::asked(QueryReader::of(&request), body.optional_json().await?.as_ref())?);
    let change = IssueChange { status, ..IssueChange::default() };
    make(&access, &request, ObjectChange::Issue(object_id(&request, ObjectKind::Issue)?, change)).await
}

/// Moves a run.
pub(super) async fn run_status(
    access: Access<CwomWrite>,
    request: HttpRequest,
    body: RequestBody,
) -> Result<HttpResponse, Problem> {
    let status = Some(status::asked(QueryReader::of(&request), body.optional_json().await?.as_ref())?);
    let change = RunChange { status, ..RunChange::default() };
    make(&access, &request, ObjectChange::Run(object_id(&request, ObjectKind::Run)?, change)).await
}

async fn make(
    access: &Access<CwomWrite>,
    request: &HttpRequest,
    change: ObjectChange,
) -> Result<HttpResponse, Problem> {
    let expect = expected_version(request)?;
    let (by, trace_id) = (access.principal(), access.trace_id().clone());
    object(&access.tower().object_change(change, expect, by, trace_id).await?)
}
