//! A page of a list: an array, and in the headers where the next one begins.

use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderName, HeaderValue, LINK};
use actix_web::{HttpRequest, HttpResponse};
use jct_store::model::Cursor;
use serde::Serialize;

use super::json;
use crate::problem::Problem;

const NEXT_CURSOR: HeaderName = HeaderName::from_static("x-next-cursor");

/// The entries, and the headers `Link` (relation `next`) and `X-Next-Cursor` unless this is the last page.
pub(crate) fn page(
    request: &HttpRequest,
    entries: &impl Serialize,
    next: Option<Cursor>,
) -> Result<HttpResponse, Problem> {
    paged(request, entries, "cursor", next.map(|cursor| cursor.to_string()))
}

/// The same for a list that is ordered by name, whose cursors are its own.
pub(crate) fn page_named(
    request: &HttpRequest,
    entries: &impl Serialize,
    next: Option<String>,
) -> Result<HttpResponse, Problem> {
    paged(request, entries, "cursor", next)
}

/// The same for a list that goes on after a number, its parameter `after`.
pub(crate) fn page_after(
    request: &HttpRequest,
    entries: &impl Serialize,
    next: Option<u64>,
) -> Result<HttpResponse, Problem> {
    paged(request, entries, "after", next.map(|number| number.to_string()))
}

fn paged(
    request: &HttpRequest,
    entries: &impl Serialize,
    parameter: &str,
    next: Option<String>,
) -> Result<HttpResponse, Problem> {
    let mut response = json(StatusCode::OK, entries)?;
    if let Some(cursor) = next {
        let next = next_link(request.path(), request.query_string(), parameter, &cursor);
        let link = format!("<{next}>; rel=\"next\"");
        // Both are made of characters that a header value takes.
        for (name, value) in [(LINK, link), (NEXT_CURSOR, cursor)] {
            if let Ok(value) = HeaderValue::from_str(&value) {
                response.headers_mut().insert(name, value);
            }
        }
    }
    Ok(response)
}

/// The same list from `cursor` on.
fn next_link(path: &str, query: &str, parameter: &str, cursor: &str) -> String {
    let kept = url::form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name != "offset" && name != parameter);
    let mut next = url::form_urlencoded::Serializer::new(String::new());
    next.extend_pairs(kept).append_pair(parameter, cursor);
    format!("{path}?{}", next.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_link_keeps_path_and_filters() {
        assert_eq!(next_link("/tasks", "offset=3&status=queued", "cursor", "t1ab"), "/tasks?status=queued&cursor=t1ab");
        assert_eq!(next_link("/cwom/repos", "", "cursor", "t1ab"), "/cwom/repos?cursor=t1ab");
        let query = "target_repo=a%2Fb&cursor=old";
        assert_eq!(next_link("/tasks", query, "cursor", "t1ab"), "/tasks?target_repo=a%2Fb&cursor=t1ab");
        assert_eq!(next_link("/audit/task/x", "limit=2&after=2", "after", "4"), "/audit/task/x?limit=2&after=4");
    }
}
