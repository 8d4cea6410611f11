//! Answers from values.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_TYPE, HeaderValue};
use serde::Serialize;

use crate::problem::Problem;

/// A JSON answer, written once into one buffer.
pub(crate) fn json(status: StatusCode, body: &impl Serialize) -> Result<HttpResponse, Problem> {
    let mut bytes = Vec::with_capacity(1536);
    serde_json::to_writer(&mut bytes, body).map_err(Problem::internal)?;
    let content_type = (CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok(HttpResponse::build(status).insert_header(content_type).body(bytes))
}

/// An answer without a body.
pub(crate) fn no_content() -> HttpResponse {
    HttpResponse::NoContent().finish()
}
