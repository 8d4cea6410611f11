//! Setting, reading and lifting controls.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};
use jct_contract::{ControlId, DocumentLimits, parse_document};
use jct_store::model::{ControlMode, ControlScope, InvalidControlScope};

use super::schemas::ControlSchema;
use crate::auth::{Access, ControlsWrite, TasksRead};
use crate::input::{ObjectReader, PageQuery, QueryReader, RequestBody, path_id};
use crate::problem::{ErrorCode, Problem};
use crate::wire::{ControlBody, CreatedControlBody, json, page};

const REASON_MAX_CHARS: usize = 500;

/// Lists controls, newest first. The body is an array; where the next page begins is in the headers `Link` (relation
/// `next`) and `X-Next-Cursor`, both absent on the last page.
#[utoipa::path(get, path = "/controls", operation_id = "listControls", tag = "controls", security(("bearer" = ["tasks:read"])),
    params(
        ("active" = Option<bool>, Query, description = "Only controls in force, or only those that were lifted."),
        ("limit" = Option<u32>, Query, description = "1 to 500, by default 100."),
        ("offset" = Option<u32>, Query, description = "Skip this many, at most 10000; use `cursor` to go further."),
        ("cursor" = Option<String>, Query, description = "Begin where a page before ended; not together with `offset`.")
    ),
    responses((status = 200, description = "A page.", body = Vec<ControlBody<'static>>))
)]
pub(super) async fn list_controls(access: Access<TasksRead>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let mut query = QueryReader::of(&request);
    let (active, PageQuery { start, limit }) = (query.choice("active"), PageQuery::take(&mut query));
    query.finish()?;
    let controls = access.tower().controls(active, start, limit).await?;
    page(&request, &controls.items.iter().map(ControlBody::of).collect::<Vec<_>>(), controls.next)
}

/// Holds or stops what the scope names. Nothing of it is begun from the moment of the answer; with `kill`, what runs is
/// called off with its next heartbeat. A name that no agent has yet is taken too; `warnings` says so.
#[utoipa::path(post, path = "/controls", operation_id = "createControl", tag = "controls", security(("bearer" = ["controls:write"])),
    request_body = ControlSchema,
    responses((status = 201, description = "In force.", body = CreatedControlBody<'static>))
)]
pub(super) async fn create_control(
    access: Access<ControlsWrite>,
    request: HttpRequest,
    body: RequestBody,
) -> Result<HttpResponse, Problem> {
    QueryReader::of(&request).finish()?;
    let (scope, mode, reason) = control_request(&body.json().await?)?;
    let set = access.tower().control_create(scope, mode, reason, access.principal()).await?;
    json(StatusCode::CREATED, &CreatedControlBody::of(&set))
}

/// One control.
#[utoipa::path(get, path = "/controls/{id}", operation_id = "getControl", tag = "controls", security(("bearer" = ["tasks:read"])),
    params(("id" = String, Path, description = "The control.")),
    responses(
        (status = 200, description = "The control.", body = ControlBody<'static>),
        (status = 404, description = "No such control, or not an id.")
    )
)]
pub(super) async fn get_control(access: Access<TasksRead>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    QueryReader::of(&request).finish()?;
    let control = access.tower().control(id_of(&request)?).await?;
    json(StatusCode::OK, &ControlBody::of(&control))
}

/// Lifts a control. One that was lifted stays as it is; what was called off stays so.
#[utoipa::path(delete, path = "/controls/{id}", operation_id = "liftControl", tag = "controls", security(("bearer" = ["controls:write"])),
    params(("id" = String, Path, description = "The control.")),
    responses(
        (status = 200, description = "Lifted.", body = ControlBody<'static>),
        (status = 404, description = "No such control, or not an id.")
    )
)]
pub(super) async fn lift_control(access: Access<ControlsWrite>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    QueryReader::of(&request).finish()?;
    let control = access.tower().control_lift(id_of(&request)?, access.principal()).await?;
    json(StatusCode::OK, &ControlBody::of(&control))
}

fn id_of(request: &HttpRequest) -> Result<ControlId, Problem> {
    path_id(request, "id").ok_or_else(|| Problem::plain(ErrorCode::ControlNotFound))
}

fn control_request(bytes: &[u8]) -> Result<(ControlScope, ControlMode, String), Problem> {
    let document = parse_document(bytes, DocumentLimits::default())?;
    let mut body = ObjectReader::of(&document);
    body.require(&["scope", "reason"]);
    let (kind, value) = (body.text("scope"), body.text("value"));
    let mode = body.value("mode").unwrap_or(ControlMode::Hold);
    let reason = body.line("reason", REASON_MAX_CHARS).unwrap_or_default();
    // A value that is there and no text was refused already.
    let is_readable = body.field("value").is_some() == value.is_some();
    let scope = match kind.as_deref().map(|kind| ControlScope::new(kind, value.as_deref())) {
        Some(Err(error)) if is_readable => {
            let field = if error == InvalidControlScope::Kind { "scope" } else { "value" };
            body.refuse(field, "VALUE_NOT_ALLOWED", error.to_string());
            None
        }
        scope => scope.and_then(Result::ok),
    };
    body.finish()?;
    // Whatever is missing was refused.
    let scope = scope.ok_or_else(|| Problem::internal("a control without a scope"))?;
    Ok((scope, mode, reason))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn refused(body: &str, expect: &str) {
        let problem = control_request(body.as_bytes()).unwrap_err();
        assert_eq!(problem.code(), ErrorCode::InvalidRequest, "{body}");
        assert!(problem.to_string().contains(expect), "{body}: {problem}");
    }

    #[test]
    fn a_control_says_what_it_is_about_and_why() {
        let (scope, mode, reason) =
            control_request(br#"{"scope": "repo", "value": "MyOrg/", "mode": "kill", "reason": "x"}"#).unwrap();
        assert_eq!((scope.to_string().as_str(), mode, reason.as_str()), ("repo myorg", ControlMode::Kill, "x"));
        let (scope, mode, _) = control_request(br#"{"scope": "all", "reason": "x"}"#).unwrap();
        assert_eq!((scope, mode), (ControlScope::All, ControlMode::Hold));
    }

    #[test]
    fn what_is_no_control_is_refused() {
        for (body, expect) in [
            ("[]", "object"),
            ("{}", "2 violations"),
            (r#"{"scope": "team", "value": "x", "reason": "x"}"#, "one of `all`"),
            (r#"{"scope": "repo", "reason": "x"}"#, "what it is about"),
            (r#"{"scope": "repo", "value": 7, "reason": "x"}"#, "a string"),
            (r#"{"scope": "repo", "value": "a\u0000b", "reason": "x"}"#, "U+0000"),
            (r#"{"scope": 1, "reason": "x"}"#, "a string"),
            (r#"{"scope": "all", "value": "x", "reason": "x"}"#, "no value"),
            (r#"{"scope": "all", "mode": "pause", "reason": "x"}"#, "`hold` or `kill`"),
            (r#"{"scope": "all", "reason": ""}"#, "characters"),
            (r#"{"scope": "all", "reason": "x", "until": 1}"#, "unknown field"),
        ] {
            refused(body, expect);
        }
    }
}
