//! Keys: made, listed, revoked.

use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, HeaderValue};
use actix_web::{HttpRequest, HttpResponse};
use jct_contract::{DocumentLimits, RequesterKind, Timestamp, parse_document};
use jct_tower::access::{KeyRequest, Scope};

use crate::auth::{Access, KeysManage};
use crate::input::{ObjectReader, QueryReader, RequestBody, path_text};
use crate::openapi::KeySchema;
use crate::problem::Problem;
use crate::wire::{KeyBody, NewKeyBody, json};

/// Every key by name, revoked ones included, without secrets.
#[utoipa::path(get, path = "/keys", operation_id = "listKeys", tag = "keys", security(("bearer" = ["keys:manage"])),
    responses((status = 200, description = "The keys.", body = Vec<KeyBody<'static>>))
)]
pub(crate) async fn list_keys(access: Access<KeysManage>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    QueryReader::of(&request).finish()?;
    let keys = access.tower().key_list().await?;
    json(StatusCode::OK, &keys.iter().map(KeyBody::of).collect::<Vec<_>>())
}

/// Makes a key. The answer shows the secret this once. Nobody can grant a scope that they do not have.
#[utoipa::path(post, path = "/keys", operation_id = "createKey", tag = "keys", security(("bearer" = ["keys:manage"])),
    request_body = KeySchema,
    responses(
        (status = 201, description = "Made.", body = NewKeyBody<'static>),
        (status = 409, description = "A key of this name exists.")
    )
)]
pub(crate) async fn create_key(
    access: Access<KeysManage>,
    request: HttpRequest,
    body: RequestBody,
) -> Result<HttpResponse, Problem> {
    QueryReader::of(&request).finish()?;
    let key_request = key_request(&body.json().await?)?;
    let key = access.tower().key_create(key_request, access.grant()).await?;
    let mut response = json(StatusCode::CREATED, &NewKeyBody::of(&key))?;
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// Revokes a key; it stays revoked and keeps its name. Other servers believe it for at most 5 seconds more.
#[utoipa::path(delete, path = "/keys/{name}", operation_id = "revokeKey", tag = "keys", security(("bearer" = ["keys:manage"])),
    params(("name" = String, Path, description = "The name of the key.")),
    responses(
        (status = 200, description = "Revoked.", body = KeyBody<'static>),
        (status = 404, description = "No key has this name.")
    )
)]
pub(crate) async fn revoke_key(access: Access<KeysManage>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    QueryReader::of(&request).finish()?;
    let name = path_text(&request, "name");
    let key = access.tower().key_revoke(name, access.grant()).await?;
    json(StatusCode::OK, &KeyBody::of(&key))
}

fn key_request(bytes: &[u8]) -> Result<KeyRequest, Problem> {
    let document = parse_document(bytes, DocumentLimits::default())?;
    let mut body = ObjectReader::of(&document);
    let name = body.text("name");
    let kind = body.value::<RequesterKind>("kind");
    let scopes = body.values::<Scope>("scopes");
    let expires_at = body.value::<Timestamp>("expires_at");
    for name in ["name", "kind", "scopes"] {
        if document.root().as_object().is_some() && body.field(name).is_none() {
            body.refuse(name, "REQUIRED", format!("`{name}` is required"));
        }
    }
    body.finish()?;
    // Whatever is missing was refused.
    let (name, scopes) = (name.unwrap_or_default(), scopes.unwrap_or_default());
    Ok(KeyRequest { name, kind: kind.unwrap_or(RequesterKind::Agent), scopes, expires_at })
}
