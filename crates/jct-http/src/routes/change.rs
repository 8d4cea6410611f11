//! Changing a task from outside its worker.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};
use bytes::Bytes;
use jct_contract::{DocumentLimits, parse_document};
use jct_lifecycle::{Fence, TaskStatus};
use jct_tower::access::Scope;
use jct_tower::tasks::{StatusFields, StatusRequest};

use crate::auth::{Access, TasksChange, TasksWrite};
use crate::input::{Both, ObjectReader, QueryReader, RequestBody, TaskPath, printable};
use crate::openapi::StatusChangeSchema;
use crate::problem::{ErrorCode, Problem};
use crate::wire::{ChangeBody, change_body, json};

const ASSIGNEE_MAX_CHARS: usize = 100;
const TRACE_PATH_MAX_CHARS: usize = 512;
const ERROR_MAX_CHARS: usize = 16_384;

/// Changes where a task stands: releases, takes, ends or cancels it. Fields come in the query or in a JSON body; the
/// same field in both must say the same. Taking and ending needs `tasks:execute`, releasing and cancelling `tasks:write`.
#[utoipa::path(patch, path = "/tasks/{task_id}/status", operation_id = "changeTaskStatus", tag = "tasks",
    security(("bearer" = ["tasks:write"]), ("bearer" = ["tasks:execute"])),
    params(
        ("task_id" = String, Path, description = "The task."),
        ("status" = Option<String>, Query, description = "Where to: `queued`, `running`, `completed`, `failed` or `cancelled`."),
        ("assigned_to" = Option<String>, Query, description = "With `running`: the name to show."),
        ("result" = Option<String>, Query, description = "With `completed`: a JSON object as text."),
        ("error" = Option<String>, Query, description = "With `failed`."),
        ("trace_path" = Option<String>, Query, description = "With `completed` and `failed`: shown, never opened."),
        ("fence" = Option<String>, Query, description = "The fence of the lease that is ended.")
    ),
    request_body(content = Option<StatusChangeSchema>),
    responses(
        (status = 200, description = "Changed.", body = ChangeBody<'static>),
        (status = 404, description = "No such task, or not an id."),
        (status = 409, description = "Not possible from where the task stands, or somebody else holds it.")
    )
)]
pub(crate) async fn change_status(
    access: Access<TasksChange>,
    path: TaskPath,
    request: HttpRequest,
    body: RequestBody,
) -> Result<HttpResponse, Problem> {
    let bytes = body.optional_json().await?;
    let Asked { request, fence } = Asked::parse(QueryReader::of(&request), bytes.as_ref())?;
    access.require(match request {
        StatusRequest::Release | StatusRequest::Cancel | StatusRequest::Hold => Scope::TasksWrite,
        StatusRequest::Take { .. } | StatusRequest::Complete { .. } | StatusRequest::Fail { .. } => Scope::TasksExecute,
    })?;
    let change = access.tower().task_change(path.id()?, request, fence, access.principal()).await?;
    json(StatusCode::OK, &change_body(&change)?)
}

/// Cancels a task: at once while it waits; a running one is told, and its worker has the last word.
#[utoipa::path(post, path = "/tasks/{task_id}/cancel", operation_id = "cancelTask", tag = "tasks", security(("bearer" = ["tasks:write"])),
    params(("task_id" = String, Path, description = "The task.")),
    responses(
        (status = 200, description = "Cancelled.", body = ChangeBody<'static>),
        (status = 202, description = "The worker was told; it hears it with its next heartbeat.", body = ChangeBody<'static>),
        (status = 404, description = "No such task, or not an id."),
        (status = 409, description = "The task has ended already.")
    )
)]
pub(crate) async fn cancel_task(
    access: Access<TasksWrite>,
    path: TaskPath,
    request: HttpRequest,
    body: RequestBody,
) -> Result<HttpResponse, Problem> {
    QueryReader::of(&request).finish()?;
    if let Some(bytes) = body.optional_json().await? {
        ObjectReader::of(&parse_document(&bytes, DocumentLimits::default())?).finish()?;
    }
    let change = access.tower().task_change(path.id()?, StatusRequest::Cancel, None, access.principal()).await?;
    let status = if change.cancel_requested { StatusCode::ACCEPTED } else { StatusCode::OK };
    json(status, &change_body(&change)?)
}

/// What the caller asks for, from query and body together.
#[derive(Debug, PartialEq)]
struct Asked {
    request: StatusRequest,
    fence: Option<Fence>,
}

impl Asked {
    fn parse(query: QueryReader<'_>, body: Option<&Bytes>) -> Result<Self, Problem> {
        let document = body.map(|bytes| parse_document(bytes, DocumentLimits::default())).transpose()?;
        let body = document.as_ref().map_or_else(ObjectReader::of_nothing, ObjectReader::of);
        Both { query, body }.read()
    }
}

impl Both<'_, '_> {
    fn read(mut self) -> Result<Asked, Problem> {
        let status = self.value::<TaskStatus>("status");
        let fence = self.value::<Fence>("fence");
        let fields = StatusFields {
            assigned_to: self.line("assigned_to", ASSIGNEE_MAX_CHARS),
            result: self.result(),
            error: self.prose("error"),
            trace_path: self.line("trace_path", TRACE_PATH_MAX_CHARS),
        };
        let request = status.and_then(|status| match StatusRequest::new(status, fields) {
            Ok(request) => Some(request),
            Err(error) => {
                self.body.refuse(error.field, "VALUE_NOT_ALLOWED", error.to_string());
                None
            }
        });
        let violations = self.finish_into();
        match request {
            Some(request) if violations.is_empty() => Ok(Asked { request, fence }),
            None if violations.is_empty() => {
                self.body.refuse("status", "REQUIRED", "`status` is required, in the query or in the body".to_owned());
                Err(Problem::invalid(ErrorCode::InvalidRequest, self.body.take_violations()))
            }
            Some(_) | None => Err(Problem::invalid(ErrorCode::InvalidRequest, violations)),
        }
    }

    /// A short text for one line.
    fn line(&mut self, name: &'static str, max: usize) -> Option<String> {
        let (query, body) = (self.query.text(name), self.body.text(name));
        let text = self.agreed(name, query, body)?;
        if let Err(message) = printable(&text, max) {
            self.body.refuse(name, "VALUE_NOT_ALLOWED", format!("`{name}` {message}"));
        }
        Some(text)
    }

    /// A longer text, line breaks included.
    fn prose(&mut self, name: &'static str) -> Option<String> {
        let (query, body) = (self.query.text(name), self.body.text(name));
        let text = self.agreed(name, query, body)?;
        let chars = text.chars().count();
        if !(1..=ERROR_MAX_CHARS).contains(&chars) || text.contains('\0') {
            let message = format!("`{name}` must have 1 to {ERROR_MAX_CHARS} characters, none of them U+0000");
            self.body.refuse(name, "VALUE_NOT_ALLOWED", message);
        }
        Some(text)
    }

    fn result(&mut self) -> Option<String> {
        let text = self.query.text("result");
        let body = self.body.free_form("result");
        let query = text.and_then(|text| match result_in_query(&text) {
            Ok(result) => Some(result),
            Err(problem) => {
                self.query.refuse("result", "VALUE_NOT_ALLOWED", format!("`result` is a JSON object: {problem}"));
                None
            }
        });
        self.agreed("result", query, body)
    }
}

/// A JSON object in a query parameter, in its canonical encoding.
fn result_in_query(text: &str) -> Result<String, Problem> {
    let wrapped = format!("{{\"result\":{text}}}");
    let document = parse_document(wrapped.as_bytes(), DocumentLimits::default())?;
    let mut reader = ObjectReader::of(&document);
    let result = reader.free_form("result");
    reader.finish()?;
    result.ok_or_else(|| Problem::new(ErrorCode::InvalidRequest, "null is no object"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(query: &str, body: Option<&str>) -> Result<Asked, Problem> {
        Asked::parse(QueryReader::new(query), body.map(|text| Bytes::copy_from_slice(text.as_bytes())).as_ref())
    }

    #[track_caller]
    fn refused(query: &str, body: Option<&str>, expect: &str) {
        let problem = parse(query, body).unwrap_err();
        assert!(problem.to_string().contains(expect), "{query} {body:?}: {problem}");
    }

    #[test]
    fn fields_come_from_the_query_or_the_body() {
        let take = StatusRequest::Take { assigned_to: Some("ana".to_owned()) };
        assert_eq!(
            parse("status=running&assigned_to=ana", None).unwrap(),
            Asked { request: take.clone(), fence: None }
        );
        let body = r#"{"status": "running", "assigned_to": "ana"}"#;
        assert_eq!(parse("", Some(body)).unwrap().request, take);
        assert_eq!(parse("status=running", Some(body)).unwrap().request, take);
        let done = parse("status=completed&fence=1.3", Some(r#"{"result": {"b": 1, "a": [2.50]}}"#)).unwrap();
        let request = StatusRequest::Complete { result: r#"{"a":[2.5],"b":1}"#.to_owned(), trace_path: None };
        assert_eq!(done, Asked { request: request.clone(), fence: Some(Fence { epoch: 1, generation: 3 }) });
        let query = "status=completed&result=%7B%22b%22%3A1%2C%22a%22%3A%5B2.5%5D%7D";
        assert_eq!(parse(query, None).unwrap().request, request);
    }

    #[test]
    fn what_does_not_fit_is_refused_by_name() {
        refused("", None, "`status` is required");
        refused("status=done", None, "unknown task status");
        refused("status=running", Some(r#"{"status": "failed"}"#), "one thing in the query");
        refused("status=completed&error=x", None, "`error` does not go with status `completed`");
        refused("status=failed", Some(r#"{"result": {}}"#), "`result` does not go with status `failed`");
        refused("status=queued&assigned_to=a", None, "`assigned_to` does not go with status `queued`");
        refused("status=completed", Some(r#"{"result": [1]}"#), "`result` must be an object, not an array");
        refused("status=completed&result=7", None, "`result` is a JSON object");
        refused("status=completed&result=%7B%7D%7D,%7B", None, "`result` is a JSON object");
        refused("status=failed&error=", None, "1 to 16384 characters");
        refused("status=running&assigned_to=a%0Ab", None, "none of them a control character");
        refused("status=running&fence=3", None, "not a fence");
        refused("status=running", Some(r#"{"sttus": 1}"#), "unknown field `sttus`");
        refused("status=running", Some("[]"), "must be an object");
        refused("status=failed", Some("{\"error\": \"a\\u0000\"}"), "U+0000");
    }

    proptest! {
        #[test]
        fn no_query_and_no_body_break_the_reader(query in "\\PC{0,60}", body in "\\PC{0,60}", bytes in any::<Vec<u8>>()) {
            let _ = parse(&query, Some(&body));
            let _ = Asked::parse(QueryReader::new(&query), Some(&Bytes::from(bytes)));
        }

        #[test]
        fn a_result_means_the_same_in_the_query_and_in_the_body(name in "[a-z~/\"\\\\]{0,8}", number in any::<i32>(), text in "\\PC{0,20}") {
            let result = serde_json::json!({name: [number, text, null, {}]}).to_string();
            let query = url::form_urlencoded::Serializer::new(String::new())
                .append_pair("status", "completed").append_pair("result", &result).finish();
            let body = format!(r#"{{"status": "completed", "result": {result}}}"#);
            prop_assert_eq!(parse(&query, None).unwrap(), parse("", Some(&body)).unwrap());
        }
    }

    #[test]
    fn a_query_cannot_smuggle_fields_into_the_wrapped_result() {
        refused("status=completed&result=%7B%7D%2C%22x%22%3A1", None, "`result` is a JSON object");
    }
}
