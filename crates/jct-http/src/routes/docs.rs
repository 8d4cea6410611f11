//! Documents: the OpenAPI document (behind a key), the static shell that shows it, and a page per error code.

use std::sync::Arc;

use actix_web::http::header::{CONTENT_SECURITY_POLICY, LOCATION};
use actix_web::{HttpRequest, HttpResponse, web};
use bytes::Bytes;
use utoipa_swagger_ui::Config;

use crate::auth::{Access, TasksRead};
use crate::input::QueryReader;
use crate::problem::{ErrorCode, Problem};

/// The shell shows what this server says, and loads nothing from elsewhere.
const SHELL_POLICY: &str =
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'";

const STARTER: &str = include_str!("swagger-initializer.js");

/// What is served as it is.
pub(crate) struct Documents {
    pub(crate) openapi: Bytes,
    shell: Arc<Config<'static>>,
}

impl Documents {
    pub(crate) fn new(openapi: Bytes) -> Self {
        Self { openapi, shell: Arc::new(Config::from("/openapi.json")) }
    }
}

/// This document.
#[utoipa::path(get, path = "/openapi.json", operation_id = "openapi", tag = "system", security(("bearer" = ["tasks:read"])), responses(
    (status = 200, description = "The OpenAPI document.", body = Object)
))]
pub(crate) async fn openapi(
    _access: Access<TasksRead>,
    documents: web::Data<Documents>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    QueryReader::of(&request).finish()?;
    Ok(HttpResponse::Ok().content_type("application/json").body(documents.openapi.clone()))
}

pub(crate) async fn redirect() -> HttpResponse {
    HttpResponse::PermanentRedirect().insert_header((LOCATION, "/docs/")).finish()
}

pub(crate) async fn shell(documents: web::Data<Documents>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let file = request.match_info().query("file");
    // The shell's own starter knows nothing of keys.
    if file == "swagger-initializer.js" {
        return Ok(HttpResponse::Ok().content_type("text/javascript; charset=utf-8").body(STARTER));
    }
    match utoipa_swagger_ui::serve(file, Arc::clone(&documents.shell)) {
        Ok(Some(file)) => Ok(HttpResponse::Ok()
            .content_type(file.content_type)
            .insert_header((CONTENT_SECURITY_POLICY, SHELL_POLICY))
            .body(file.bytes.into_owned())),
        Ok(None) => Err(Problem::plain(ErrorCode::NotFound)),
        Err(error) => Err(Problem::internal(error.to_string())),
    }
}

pub(crate) async fn error_page(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let name = request.match_info().query("code");
    let code = ErrorCode::ALL.iter().find(|code| code.as_str() == name);
    let code = code.ok_or_else(|| Problem::plain(ErrorCode::NotFound))?;
    Ok(HttpResponse::Ok().content_type("text/markdown; charset=utf-8").body(code.page()))
}
