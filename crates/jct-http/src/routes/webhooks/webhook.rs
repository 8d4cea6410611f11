//! Webhooks themselves.

use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, HeaderValue, LOCATION};
use actix_web::{HttpRequest, HttpResponse};
use jct_contract::{DocumentLimits, WebhookId, parse_document};
use jct_event::TypeFilter;
use jct_tower::events::{WebhookRequest, WebhookUpdate};

use super::schemas::{NewWebhookSchema, RotationSchema, WebhookChangeSchema};
use crate::auth::{Access, WebhooksRead, WebhooksWrite};
use crate::input::{ObjectReader, PageQuery, QueryReader, RequestBody, path_id};
use crate::problem::{ErrorCode, Problem};
use crate::wire::{MadeWebhookBody, WebhookBody, json, no_content, page};

const NAME_MAX_CHARS: usize = 100;
const DESCRIPTION_MAX_CHARS: usize = 500;
const DAY_SECONDS: u64 = 86_400;
const KEEP_MAX_SECONDS: i64 = 30 * 86_400;

/// Lists webhooks, newest first, without their secrets.
#[utoipa::path(get, path = "/webhooks", operation_id = "listWebhooks", tag = "webhooks", security(("bearer" = ["webhooks:read"])),
    params(
        ("limit" = Option<u32>, Query, description = "1 to 500, by default 100."),
        ("offset" = Option<u32>, Query, description = "Skip this many, at most 10000; use `cursor` to go further."),
        ("cursor" = Option<String>, Query, description = "Begin where a page before ended; not together with `offset`.")
    ),
    responses((status = 200, description = "A page.", body = Vec<WebhookBody<'static>>))
)]
pub(super) async fn list_webhooks(access: Access<WebhooksRead>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let PageQuery { start, limit } = PageQuery::of(&request)?;
    let webhooks = access.tower().webhooks(start, limit).await?;
    page(&request, &webhooks.items.iter().map(WebhookBody::of).collect::<Vec<_>>(), webhooks.next)
}

/// Sets up a webhook. The answer shows the secret this once.
#[utoipa::path(post, path = "/webhooks", operation_id = "createWebhook", tag = "webhooks", security(("bearer" = ["webhooks:write"])),
    request_body = NewWebhookSchema,
    responses(
        (status = 201, description = "Set up.", body = MadeWebhookBody<'static>),
        (status = 409, description = "A webhook of this name exists.")
    )
)]
pub(super) async fn create_webhook(
    access: Access<WebhooksWrite>,
    request: HttpRequest,
    body: RequestBody,
) -> Result<HttpResponse, Problem> {
    QueryReader::of(&request).finish()?;
    let asked = new_webhook(&body.json().await?)?;
    let made = access.tower().webhook_create(asked, access.principal()).await?;
    let mut response = secret(json(StatusCode::CREATED, &MadeWebhookBody::of(&made))?);
    if let Ok(location) = HeaderValue::from_str(&format!("/webhooks/{}", made.record.id)) {
        response.headers_mut().insert(LOCATION, location);
    }
    Ok(response)
}

/// One webhook, without its secrets.
#[utoipa::path(get, path = "/webhooks/{id}", operation_id = "getWebhook", tag = "webhooks", security(("bearer" = ["webhooks:read"])),
    params(("id" = String, Path, description = "The webhook's id.")),
    responses(
        (status = 200, description = "The webhook.", body = WebhookBody<'static>),
        (status = 404, description = "No such webhook, or not an id.")
    )
)]
pub(super) async fn get_webhook(access: Access<WebhooksRead>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    QueryReader::of(&request).finish()?;
    let record = access.tower().webhook(webhook_id(&request)?).await?;
    json(StatusCode::OK, &WebhookBody::of(&record))
}

/// Changes a webhook. Messages that wait are sent as the webhook stands when they are sent.
#[utoipa::path(patch, path = "/webhooks/{id}", operation_id = "updateWebhook", tag = "webhooks", security(("bearer" = ["webhooks:write"])),
    params(("id" = String, Path, description = "The webhook's id.")),
    request_body = WebhookChangeSchema,
    responses(
        (status = 200, description = "Changed.", body = WebhookBody<'static>),
        (status = 404, description = "No such webhook, or not an id."),
        (status = 409, description = "A webhook of this name exists.")
    )
)]
pub(super) async fn update_webhook(
    access: Access<WebhooksWrite>,
    request: HttpRequest,
    body: RequestBody,
) -> Result<HttpResponse, Problem> {
    QueryReader::of(&request).finish()?;
    let (id, update) = (webhook_id(&request)?, webhook_change(&body.json().await?)?);
    let record = access.tower().webhook_change(id, update, access.principal()).await?;
    json(StatusCode::OK, &WebhookBody::of(&record))
}

/// Takes a webhook away. Messages that were not sent yet are called off.
#[utoipa::path(delete, path = "/webhooks/{id}", operation_id = "deleteWebhook", tag = "webhooks", security(("bearer" = ["webhooks:write"])),
    params(("id" = String, Path, description = "The webhook's id.")),
    responses(
        (status = 204, description = "Gone."),
        (status = 404, description = "No such webhook, or not an id.")
    )
)]
pub(super) async fn delete_webhook(
    access: Access<WebhooksWrite>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    QueryReader::of(&request).finish()?;
    access.tower().webhook_delete(webhook_id(&request)?, access.principal()).await?;
    Ok(no_content())
}

/// Gives a webhook a new secret, which the answer shows this once. For a while messages are signed with the old one too.
#[utoipa::path(post, path = "/webhooks/{id}/rotate-secret", operation_id = "rotateWebhookSecret", tag = "webhooks", security(("bearer" = ["webhooks:write"])),
    params(("id" = String, Path, description = "The webhook's id.")),
    request_body(content = Option<RotationSchema>),
    responses(
        (status = 200, description = "Rotated.", body = MadeWebhookBody<'static>),
        (status = 404, description = "No such webhook, or not an id.")
    )
)]
pub(super) async fn rotate_webhook_secret(
    access: Access<WebhooksWrite>,
    request: HttpRequest,
    body: RequestBody,
) -> Result<HttpResponse, Problem> {
    QueryReader::of(&request).finish()?;
    let bytes = body.optional_json().await?;
    let document = bytes.as_ref().map(|bytes| parse_document(bytes, DocumentLimits::default())).transpose()?;
    let mut fields = document.as_ref().map_or_else(ObjectReader::of_nothing, ObjectReader::of);
    let seconds = fields.integer("keep_old_seconds", 0, KEEP_MAX_SECONDS).map(i64::unsigned_abs);
    fields.finish()?;
    let keep_old = Duration::from_secs(seconds.unwrap_or(DAY_SECONDS));
    let made = access.tower().webhook_rotate(webhook_id(&request)?, keep_old, access.principal()).await?;
    json(StatusCode::OK, &MadeWebhookBody::of(&made)).map(secret)
}

/// An answer that nobody on the way may keep.
fn secret(mut response: HttpResponse) -> HttpResponse {
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

pub(super) fn webhook_id(request: &HttpRequest) -> Result<WebhookId, Problem> {
    path_id(request, "id").ok_or_else(|| Problem::plain(ErrorCode::WebhookNotFound))
}

fn new_webhook(bytes: &[u8]) -> Result<WebhookRequest, Problem> {
    let document = parse_document(bytes, DocumentLimits::default())?;
    let mut body = ObjectReader::of(&document);
    body.require(&["name", "url", "event_types"]);
    let request = WebhookRequest {
        name: body.line("name", NAME_MAX_CHARS).unwrap_or_default(),
        url: body.text("url").unwrap_or_default(),
        description: body.line("description", DESCRIPTION_MAX_CHARS),
        filter: body.values::<TypeFilter>("event_types").unwrap_or_default(),
        active: body.flag("active").unwrap_or(true),
    };
    body.finish()?;
    Ok(request)
}

fn webhook_change(bytes: &[u8]) -> Result<WebhookUpdate, Problem> {
    let document = parse_document(bytes, DocumentLimits::default())?;
    let mut body = ObjectReader::of(&document);
    let is_cleared = body.text("description").is_some_and(|text| text.is_empty());
    let description = if is_cleared { Some(String::new()) } else { body.line("description", DESCRIPTION_MAX_CHARS) };
    let update = WebhookUpdate {
        name: body.line("name", NAME_MAX_CHARS),
        url: body.text("url"),
        description,
        filter: body.values::<TypeFilter>("event_types"),
        active: body.flag("active"),
    };
    body.finish()?;
    Ok(update)
}
