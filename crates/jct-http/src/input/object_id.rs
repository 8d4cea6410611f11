//! Ids of work objects in paths: whatever is not one names no object.

use std::str::FromStr;

use actix_web::HttpRequest;
use jct_cwom::ObjectKind;

use crate::problem::Problem;

/// The `{id}` of a path to an object of that kind.
pub(crate) fn object_id<T: FromStr>(request: &HttpRequest, kind: ObjectKind) -> Result<T, Problem> {
    let id = request.match_info().get("id").and_then(|text| text.parse().ok());
    id.ok_or_else(|| Problem::object_not_found(kind))
}
