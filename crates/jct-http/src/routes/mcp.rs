//! The Model Context Protocol over HTTP: the caller is authenticated like any other, and the messages are handed on.
//!
//! There are no sessions: each request stands for itself and brings its key. Nobody can go on with what another one began.

use std::convert::Infallible;
use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use bytes::Bytes;
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full};
use jct_mcp::{Caller, McpServer, unreadable};
use rmcp::transport::streamable_http_server::session::never::NeverSessionManager;
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};
use serde::de::IgnoredAny;

use crate::auth::{Access, Guarded, McpUse};
use crate::input::{QueryReader, RequestBody};
use crate::problem::{ErrorCode, Problem};
use crate::wire::json;

/// What this server sends, whatever a client says it takes: one JSON text, or events if there is more to say.
const ACCEPT: &str = "application/json, text/event-stream";
/// Header names of the protocol begin like this; no other but the host matters to it.
const OWN_HEADERS: &str = "mcp-";

/// Answers one message.
pub(crate) async fn answer(
    access: Access<McpUse>,
    app: web::Data<Guarded>,
    request: HttpRequest,
    body: RequestBody,
) -> Result<HttpResponse, Problem> {
    QueryReader::of(&request).finish()?;
    let bytes = body.job_json().await?;
    // The transport would say that of any body which is no message.
    serde_json::from_slice::<IgnoredAny>(&bytes).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        Problem::new(ErrorCode::MalformedJson, format!("the body is not JSON at line {line}, column {column}"))
    })?;
    let caller = Caller { grant: access.shared_grant(), trace_id: access.trace_id().clone() };
    let message = translated(&request, bytes.clone(), caller).map_err(Problem::internal)?;
    let (tower, version) = (access.tower().clone(), app.version());
    let server = move || Ok(McpServer::new(tower.clone(), version));
    let service = StreamableHttpService::new(server, Arc::new(NeverSessionManager::default()), config());
    answered(service.handle(message).await, &bytes).await
}

/// Host and origin were looked at by the edge, and the size by the body.
fn config() -> StreamableHttpServerConfig {
    StreamableHttpServerConfig::default()
        .with_legacy_session_mode(false)
        .with_json_response(true)
        .disable_allowed_hosts()
        .disable_allowed_origins()
        .with_max_request_body_bytes(usize::MAX)
}

/// The request as the transport wants it, with the caller in its extensions. The credential stays here.
fn translated(request: &HttpRequest, bytes: Bytes, caller: Caller) -> Result<http::Request<Full<Bytes>>, http::Error> {
    let mut message = http::Request::builder()
        .method(http::Method::POST)
        .uri("/mcp")
        .header(http::header::HOST, "localhost")
        .header(http::header::CONTENT_TYPE, "application/json")
        .header(http::header::ACCEPT, ACCEPT);
    for (name, value) in request.headers() {
        if name.as_str().starts_with(OWN_HEADERS) {
            message = message.header(name.as_str(), value.as_bytes());
        }
    }
    message.extension(caller).body(Full::new(bytes))
}

/// What the transport answers to what was `sent`: as it is if it is JSON or a stream of events, else an error of the
/// protocol if one fits, or a problem like any other.
async fn answered(answer: http::Response<BoxBody<Bytes, Infallible>>, sent: &[u8]) -> Result<HttpResponse, Problem> {
    let (parts, body) = answer.into_parts();
    let status = StatusCode::from_u16(parts.status.as_u16()).map_err(Problem::internal)?;
    // The transport says so of a body that it cannot read, and of nothing else that is sent from here.
    if status == StatusCode::UNSUPPORTED_MEDIA_TYPE
        && let Some(error) = unreadable(sent)
    {
        return json(StatusCode::BAD_REQUEST, &error);
    }
    let kind = parts.headers.get(http::header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).map(str::to_owned);
    let is = |wanted: &str| kind.as_deref().is_some_and(|kind| kind.starts_with(wanted));
    let mut response = HttpResponse::build(status);
    if is("text/event-stream") {
        return Ok(response.content_type("text/event-stream").streaming(body.into_data_stream()));
    }
    let Ok(collected) = body.collect().await;
    let bytes = collected.to_bytes();
    if is("application/json") {
        return Ok(response.content_type("application/json").body(bytes));
    }
    if status.is_success() {
        return Ok(response.body(bytes));
    }
    let text = String::from_utf8_lossy(&bytes).into_owned();
    Err(match status {
        StatusCode::UNSUPPORTED_MEDIA_TYPE => {
            Problem::new(ErrorCode::MalformedRequest, "the body is no message of the Model Context Protocol")
        }
        status if status.is_client_error() => Problem::new(ErrorCode::MalformedRequest, text),
        _ => Problem::internal(text),
    })
}
