//! Ids of jobs, and of what belongs to them, in paths: whatever is not one names nothing.

use std::future::{Ready, ready};
use std::str::FromStr;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use jct_contract::TaskId;

use crate::problem::{ErrorCode, Problem};

/// The `{job_id}` of a path. Parsed when asked for, so that who is asking is checked first.
pub(crate) struct JobPath(Option<TaskId>);

impl JobPath {
    /// The id.
    pub(crate) fn id(&self) -> Result<TaskId, Problem> {
        self.0.ok_or_else(|| Problem::plain(ErrorCode::JobNotFound))
    }
}

impl FromRequest for JobPath {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self(path_id(request, "job_id"))))
    }
}

/// An id in a path, if it is one.
pub(crate) fn path_id<T: FromStr>(request: &HttpRequest, name: &str) -> Option<T> {
    request.match_info().get(name).and_then(|text| text.parse().ok())
}
