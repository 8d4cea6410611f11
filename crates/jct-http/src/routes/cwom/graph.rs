//! The whole chain of an issue in one answer.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};
use jct_cwom::ObjectKind;

use crate::auth::{Access, CwomRead};
use crate::input::{QueryReader, object_id};
use crate::problem::Problem;
use crate::wire::json;

/// An issue with everything that hangs on it.
pub(super) async fn issue_graph(access: Access<CwomRead>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    QueryReader::of(&request).finish()?;
    let graph = access.tower().issue_graph(object_id(&request, ObjectKind::Issue)?).await?;
    json(StatusCode::OK, &graph)
}
