//! Documents: the OpenAPI document (behind a key), the static shell that shows it, and a page per error code.

use std::str::FromStr;
use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_SECURITY_POLICY, LOCATION};
use actix_web::{HttpRequest, HttpResponse, web};
use bytes::Bytes;
use url::Url;
use utoipa_swagger_ui::Config;

use crate::auth::{Access, TasksRead};
use crate::edge::Edge;
use crate::input::QueryReader;
use crate::openapi::gpt_document;
use crate::problem::{ErrorCode, Problem};
use crate::wire::json;

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

/// The part of this document that a GPT's action takes: three operations and what they need.
#[utoipa::path(get, path = "/openapi-gpt.json", operation_id = "openapiGpt", tag = "system", security(("bearer" = ["tasks:read"])),
    params(("server" = Option<String>, Query, description = "Where the tower is reached: an `http` or `https` address; as configured if absent.")),
    responses((status = 200, description = "The OpenAPI document.", body = Object))
)]
pub(crate) async fn openapi_gpt(
    _access: Access<TasksRead>,
    documents: web::Data<Documents>,
    edge: web::Data<Edge>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let mut query = QueryReader::of(&request);
    let asked: Option<ServerUrl> = query.value("server");
    query.finish()?;
    let known = asked.map(|server| server.0).or_else(|| edge.options.base_url.clone());
    let server = known.ok_or_else(|| {
        let detail = "where the tower is reached is not known: send `?server=` or set JCT_API_BASE_URL";
        Problem::new(ErrorCode::InvalidRequest, detail)
    })?;
    let whole = serde_json::from_slice(&documents.openapi).map_err(Problem::internal)?;
    json(StatusCode::OK, &gpt_document(&whole, &server))
}

/// Where a server is reached, as others may be told.
struct ServerUrl(String);

impl FromStr for ServerUrl {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_plain = |url: &Url| {
            matches!(url.scheme(), "http" | "https")
                && url.has_host()
                && url.username().is_empty()
                && url.password().is_none()
                && url.query().is_none()
                && url.fragment().is_none()
        };
        let url = Url::parse(text).ok().filter(is_plain);
        let url = url.ok_or("a server is an `http` or `https` address without credentials, query and fragment")?;
        Ok(Self(url.as_str().trim_end_matches('/').to_owned()))
    }
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
