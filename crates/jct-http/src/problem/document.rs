//! The body: RFC 9457 with the members `error`, `code` and `message` that older clients read.

use std::error::Error as StdError;
use std::fmt;

use actix_web::body::BoxBody;
use actix_web::http::header::{ALLOW, CONNECTION, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use actix_web::http::{StatusCode, header::HeaderValue};
use actix_web::{HttpResponse, ResponseError};
use jct_contract::TraceId;
use serde::Serialize;
use serde_json::{Map, Value};

use super::{ErrorCode, Violation};

/// Longest part of a path that an answer repeats, in characters.
const INSTANCE_MAX_CHARS: usize = 256;

/// An answer that is not a success.
#[derive(Debug)]
pub(crate) struct Problem(Box<Inner>);

#[derive(Debug)]
struct Inner {
    code: ErrorCode,
    detail: String,
    violations: Vec<Violation>,
    members: Map<String, Value>,
    allow: Option<&'static str>,
    /// What really happened: for the log, never for the answer.
    cause: Option<Box<dyn StdError + Send + Sync>>,
}

/// The body on the wire.
#[derive(Serialize)]
struct Body<'a> {
    r#type: &'a str,
    title: &'a str,
    status: u16,
    detail: &'a str,
    instance: &'a str,
    error: &'a str,
    code: &'a str,
    message: &'a str,
    #[serde(skip_serializing_if = "<[Violation]>::is_empty")]
    violations: &'a [Violation],
    #[serde(flatten)]
    members: &'a Map<String, Value>,
    trace_id: &'a str,
}

impl Problem {
    pub(crate) fn new(code: ErrorCode, detail: impl Into<String>) -> Self {
        let (detail, violations, members) = (detail.into(), Vec::new(), Map::new());
        Self(Box::new(Inner { code, detail, violations, members, allow: None, cause: None }))
    }

    /// A problem that says no more than its title.
    pub(crate) fn plain(code: ErrorCode) -> Self {
        Self::new(code, code.title())
    }

    /// A failure of the tower: the caller learns nothing but the trace id.
    pub(crate) fn internal(cause: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        let detail = "the tower failed to answer; the log has the cause under this trace id";
        Self::new(ErrorCode::InternalError, detail).caused_by(cause)
    }

    pub(crate) fn method_not_allowed(allow: &'static str) -> Self {
        Self::new(ErrorCode::MethodNotAllowed, format!("this path takes {allow}")).allowing(allow)
    }

    /// Adds the header that names the methods the path takes.
    pub(crate) fn allowing(mut self, allow: &'static str) -> Self {
        self.0.allow = Some(allow);
        self
    }

    pub(crate) fn invalid(code: ErrorCode, violations: Vec<Violation>) -> Self {
        let detail = match violations.as_slice() {
            [one] => one.message.clone(),
            more => format!("{} violations", more.len()),
        };
        let mut problem = Self::new(code, detail);
        problem.0.violations = violations;
        problem
    }

    /// Tells what is wrong with the rest of the request too, in front of what is listed here. A problem that lists nothing
    /// is another answer, and stays as it is.
    pub(crate) fn beside(mut self, others: Vec<Violation>) -> Self {
        if others.is_empty() {
            return self;
        }
        let inner = &mut *self.0;
        let listed = match inner.members.get_mut("violations") {
            Some(Value::Array(listed)) => {
                listed.splice(0..0, others.iter().filter_map(|other| serde_json::to_value(other).ok()));
                listed.len()
            }
            _ if inner.violations.is_empty() => return self,
            _ => {
                inner.violations.splice(0..0, others);
                inner.violations.len()
            }
        };
        inner.detail = format!("{listed} violations");
        // Names that differ are an answer of their own only if nothing else is wrong.
        if inner.code == ErrorCode::NameMismatch {
            inner.code = ErrorCode::InvalidManifest;
        }
        self
    }

    /// Adds an extension member.
    pub(crate) fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.0.members.insert(name.to_owned(), value.into());
        self
    }

    pub(crate) fn caused_by(mut self, cause: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.0.cause = Some(cause.into());
        self
    }

    pub(crate) const fn code(&self) -> ErrorCode {
        self.0.code
    }

    pub(crate) const fn status(&self) -> StatusCode {
        self.0.code.status()
    }

    /// What really happened, with all its causes, on one line.
    pub(crate) fn cause_chain(&self) -> Option<String> {
        let mut next: Option<&(dyn StdError + 'static)> = Some(self.0.cause.as_deref()?);
        let mut chain = String::new();
        while let Some(error) = next {
            if !chain.is_empty() {
                chain.push_str(": ");
            }
            chain.push_str(&error.to_string());
            next = error.source();
        }
        Some(chain)
    }

    /// The members that a batch repeats for one of its items.
    pub(crate) fn to_members(&self, trace_id: &TraceId) -> Map<String, Value> {
        match serde_json::to_value(self.body("", trace_id.as_str())) {
            Ok(Value::Object(mut members)) => {
                members.shift_remove("instance");
                members
            }
            _ => Map::new(),
        }
    }

    pub(crate) fn response(&self, path: &str, trace_id: &str) -> HttpResponse {
        let instance =
            path.char_indices().nth(INSTANCE_MAX_CHARS).map_or(path, |(end, _)| path.get(..end).unwrap_or(""));
        let mut response = HttpResponse::build(self.status());
        response.insert_header((CONTENT_TYPE, "application/problem+json"));
        if let Some(allow) = self.0.allow {
            response.insert_header((ALLOW, allow));
        }
        match self.code() {
            ErrorCode::Unauthorized | ErrorCode::WorkerTokenInvalid => {
                response.insert_header((WWW_AUTHENTICATE, "Bearer"));
            }
            ErrorCode::DatabaseUnavailable => {
                response.insert_header((RETRY_AFTER, "1"));
            }
            // What is left of the request on the connection cannot be told from a new one.
            ErrorCode::RequestTimeout
            | ErrorCode::BodyTooLarge
            | ErrorCode::ArtifactTooLarge
            | ErrorCode::ArtifactQuotaExceeded => {
                response.insert_header((CONNECTION, HeaderValue::from_static("close")));
            }
            _ => {}
        }
        // Strings, numbers and maps with text keys: this cannot fail.
        response.body(serde_json::to_vec(&self.body(instance, trace_id)).unwrap_or_default())
    }

    fn body<'a>(&'a self, instance: &'a str, trace_id: &'a str) -> Body<'a> {
        let Inner { code, detail, violations, members, .. } = &*self.0;
        Body {
            r#type: code.page_path(),
            title: code.title(),
            status: code.status().as_u16(),
            detail,
            instance,
            error: code.family(),
            code: code.as_str(),
            message: detail,
            violations,
            members,
            trace_id,
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.0.code.as_str(), self.0.detail)
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.status()
    }

    /// The edge renders it again, with path and trace id, which are not known here.
    fn error_response(&self) -> HttpResponse<BoxBody> {
        self.response("", "")
    }
}

/// A problem that knows its request, for the one case in which the edge has no request left to put it into.
#[derive(Debug)]
pub(crate) struct Located {
    pub(crate) problem: Problem,
    pub(crate) path: String,
    pub(crate) trace_id: TraceId,
}

impl fmt::Display for Located {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.problem.fmt(f)
    }
}

impl ResponseError for Located {
    fn status_code(&self) -> StatusCode {
        self.problem.status()
    }

    fn error_response(&self) -> HttpResponse<BoxBody> {
        let mut response = self.problem.response(&self.path, self.trace_id.as_str());
        crate::edge::stamp(response.headers_mut(), &self.trace_id);
        response
    }
}
