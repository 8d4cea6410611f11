//! Tokens of workers: made, listed and revoked by whoever may manage workers.

use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, HeaderValue};
use actix_web::{HttpRequest, HttpResponse};
use jct_contract::{Capability, DocumentLimits, JobType, Timestamp, parse_document};
use jct_policy::RepoPrefix;
use jct_tower::access::WorkerTokenRequest;

use super::call::{WORKER_ID_MAX_CHARS, some};
use super::schemas::{WorkerTokenPageSchema, WorkerTokenSchema};
use crate::auth::{Access, WorkersManage};
use crate::input::{ObjectReader, PageQuery, QueryReader, RequestBody, path_id};
use crate::problem::{ErrorCode, Problem};
use crate::wire::{ItemsBody, NewTokenBody, WorkerTokenBody, json};

const DESCRIPTION_MAX_CHARS: usize = 512;

/// Makes a token for a worker. The answer shows the secret this once. What is left out is not limited.
#[utoipa::path(post, path = "/api/queue/workers/tokens", operation_id = "createWorkerToken", tag = "worker tokens",
    security(("bearer" = ["workers:manage"])), request_body = WorkerTokenSchema,
    responses((status = 201, description = "Made.", body = NewTokenBody<'static>))
)]
pub(super) async fn create_token(
    access: Access<WorkersManage>,
    request: HttpRequest,
    body: RequestBody,
) -> Result<HttpResponse, Problem> {
    QueryReader::of(&request).finish()?;
    let asked = token_request(&body.json().await?)?;
    let token = access.tower().worker_token_create(asked, access.grant()).await?;
    let mut response = json(StatusCode::CREATED, &NewTokenBody::of(&token, access.tower().clock().now()))?;
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// Lists tokens, newest first, revoked and expired ones included, without secrets.
#[utoipa::path(get, path = "/api/queue/workers/tokens", operation_id = "listWorkerTokens", tag = "worker tokens",
    security(("bearer" = ["workers:manage"])),
    params(
        ("limit" = Option<u32>, Query, description = "1 to 500, by default 100."),
        ("offset" = Option<u32>, Query, description = "Skip this many, at most 10000; use `cursor` to go further."),
        ("cursor" = Option<String>, Query, description = "Begin where a page before ended; not together with `offset`.")
    ),
    responses((status = 200, description = "A page.", body = WorkerTokenPageSchema))
)]
pub(super) async fn list_tokens(access: Access<WorkersManage>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let PageQuery { start, limit } = PageQuery::of(&request)?;
    let page = access.tower().worker_token_list(start, limit).await?;
    let now = access.tower().clock().now();
    let tokens = page.items.iter().map(|token| WorkerTokenBody::of(token, now)).collect();
    json(StatusCode::OK, &ItemsBody::new(tokens, page.next))
}

/// Revokes a token for good. Other servers believe it for at most 5 seconds more.
#[utoipa::path(post, path = "/api/queue/workers/tokens/{token_id}/revoke", operation_id = "revokeWorkerToken", tag = "worker tokens",
    security(("bearer" = ["workers:manage"])), params(("token_id" = String, Path, description = "The token's id.")),
    responses(
        (status = 200, description = "Revoked.", body = WorkerTokenBody<'static>),
        (status = 404, description = "No such token, or not an id.")
    )
)]
pub(super) async fn revoke_token(
    access: Access<WorkersManage>,
    request: HttpRequest,
    body: RequestBody,
) -> Result<HttpResponse, Problem> {
    QueryReader::of(&request).finish()?;
    if let Some(bytes) = body.optional_json().await? {
        ObjectReader::of(&parse_document(&bytes, DocumentLimits::default())?).finish()?;
    }
    let id = path_id(&request, "token_id").ok_or_else(|| Problem::plain(ErrorCode::WorkerTokenNotFound))?;
    let record = access.tower().worker_token_revoke(id, access.grant()).await?;
    json(StatusCode::OK, &WorkerTokenBody::of(&record, access.tower().clock().now()))
}

fn token_request(bytes: &[u8]) -> Result<WorkerTokenRequest, Problem> {
    let document = parse_document(bytes, DocumentLimits::default())?;
    let mut body = ObjectReader::of(&document);
    body.require(&["workerId"]);
    let request = WorkerTokenRequest {
        worker_name: body.visible("workerId", WORKER_ID_MAX_CHARS).unwrap_or_default(),
        description: body.line("description", DESCRIPTION_MAX_CHARS),
        types: some::<JobType>(&mut body, "allowedJobTypes"),
        repositories: some::<RepoPrefix>(&mut body, "allowedRepositories"),
        capabilities: some::<Capability>(&mut body, "capabilities").map(|all| all.into_iter().collect()),
        expires_at: body.value::<Timestamp>("expiresAt"),
    };
    body.finish()?;
    Ok(request)
}
