//! Ids in paths: whatever is not one names no task.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use jct_contract::TaskId;

use super::QueryReader;
use crate::problem::{ErrorCode, Problem};

/// The `{task_id}` of a path. Parsed when asked for, so that who is asking is checked first.
pub(crate) struct TaskPath(Option<TaskId>);

impl TaskPath {
    /// The id.
    pub(crate) fn id(&self) -> Result<TaskId, Problem> {
        self.0.ok_or_else(|| Problem::plain(ErrorCode::TaskNotFound))
    }
}

impl FromRequest for TaskPath {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self(request.match_info().get("task_id").and_then(|text| text.parse().ok()))))
    }
}

/// The `?attempt=` of a trace route.
pub(crate) fn attempt_of(request: &HttpRequest) -> Result<Option<u32>, Problem> {
    let mut query = QueryReader::of(request);
    let attempt = query.integer("attempt", 1, u32::MAX);
    query.finish()?;
    Ok(attempt)
}
