//! Work objects on the wire are the contract's own; what is added here is where they are and which version they have.

use actix_web::http::StatusCode;
use actix_web::http::header::{ETAG, HeaderValue, LOCATION};
use actix_web::{HttpRequest, HttpResponse};
use jct_store::model::{Page, Versioned};
use serde::Serialize;

use super::{json, page};
use crate::problem::Problem;

/// An object, with its version in the `ETag`.
pub(crate) fn object(found: &Versioned) -> Result<HttpResponse, Problem> {
    answer(StatusCode::OK, found)
}

/// An object that was created in the collection at `path`.
pub(crate) fn created(path: &str, made: &Versioned) -> Result<HttpResponse, Problem> {
    let mut response = answer(StatusCode::CREATED, made)?;
    // A path that was routed and an id are characters that a header value takes.
    if let Ok(location) = HeaderValue::from_str(&format!("{path}/{}", made.object.id())) {
        response.headers_mut().insert(LOCATION, location);
    }
    Ok(response)
}

/// The caller has this version already.
pub(crate) fn unchanged(version: u64) -> HttpResponse {
    HttpResponse::NotModified().insert_header((ETAG, etag(version))).finish()
}

/// A page of objects.
pub(crate) fn objects(request: &HttpRequest, found: &Page<Versioned>) -> Result<HttpResponse, Problem> {
    let objects: Vec<_> = found.items.iter().map(|versioned| &versioned.object).collect();
    page(request, &objects, found.next)
}

fn answer(status: StatusCode, versioned: &Versioned) -> Result<HttpResponse, Problem> {
    tagged(status, &versioned.object, versioned.version)
}

/// A body with a version in the `ETag`.
pub(super) fn tagged(status: StatusCode, body: &impl Serialize, version: u64) -> Result<HttpResponse, Problem> {
    let mut response = json(status, body)?;
    if let Ok(tag) = HeaderValue::from_str(&etag(version)) {
        response.headers_mut().insert(ETAG, tag);
    }
    Ok(response)
}

/// Strong: two answers with the same tag are the same bytes.
fn etag(version: u64) -> String {
    format!("\"{version}\"")
}
