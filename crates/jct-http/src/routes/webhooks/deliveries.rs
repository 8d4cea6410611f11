//! Messages to webhooks.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};
use jct_contract::WebhookDeliveryId;

use super::webhook::webhook_id;
use crate::auth::{Access, WebhooksRead, WebhooksWrite};
use crate::input::{PageQuery, QueryReader, RequestBody, path_id};
use crate::problem::{ErrorCode, Problem};
use crate::wire::{DeliveryBody, json, page};

/// Lists the messages to a webhook, newest first.
#[utoipa::path(get, path = "/webhooks/{id}/deliveries", operation_id = "listWebhookDeliveries", tag = "webhooks", security(("bearer" = ["webhooks:read"])),
    params(
        ("id" = String, Path, description = "The webhook's id."),
        ("limit" = Option<u32>, Query, description = "1 to 500, by default 100."),
        ("offset" = Option<u32>, Query, description = "Skip this many, at most 10000; use `cursor` to go further."),
        ("cursor" = Option<String>, Query, description = "Begin where a page before ended; not together with `offset`.")
    ),
    responses(
        (status = 200, description = "A page.", body = Vec<DeliveryBody<'static>>),
        (status = 404, description = "No such webhook, or not an id.")
    )
)]
pub(super) async fn list_deliveries(
    access: Access<WebhooksRead>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let PageQuery { start, limit } = PageQuery::of(&request)?;
    let deliveries = access.tower().deliveries(webhook_id(&request)?, start, limit).await?;
    page(&request, &deliveries.items.iter().map(DeliveryBody::of).collect::<Vec<_>>(), deliveries.next)
}

/// Sends a message once more that was delivered or given up. Its `webhook-id` stays the same.
#[utoipa::path(post, path = "/webhooks/{id}/deliveries/{delivery_id}/redeliver", operation_id = "redeliverWebhook", tag = "webhooks", security(("bearer" = ["webhooks:write"])),
    params(
        ("id" = String, Path, description = "The webhook's id."),
        ("delivery_id" = String, Path, description = "The message's id.")
    ),
    responses(
        (status = 202, description = "It will be sent.", body = DeliveryBody<'static>),
        (status = 404, description = "No such message to this webhook."),
        (status = 409, description = "It waits or is under way.")
    )
)]
pub(super) async fn redeliver(
    access: Access<WebhooksWrite>,
    request: HttpRequest,
    body: RequestBody,
) -> Result<HttpResponse, Problem> {
    QueryReader::of(&request).finish()?;
    body.nothing().await?;
    let id: WebhookDeliveryId =
        path_id(&request, "delivery_id").ok_or_else(|| Problem::plain(ErrorCode::DeliveryNotFound))?;
    let record = access.tower().redeliver(webhook_id(&request)?, id, access.principal()).await?;
    json(StatusCode::ACCEPTED, &DeliveryBody::of(&record))
}

/// Sends a webhook an event of type `webhook.test`, whatever it is told otherwise, as soon as it is active.
#[utoipa::path(post, path = "/webhooks/{id}/test", operation_id = "testWebhook", tag = "webhooks", security(("bearer" = ["webhooks:write"])),
    params(("id" = String, Path, description = "The webhook's id.")),
    responses(
        (status = 202, description = "It will be sent.", body = DeliveryBody<'static>),
        (status = 404, description = "No such webhook, or not an id.")
    )
)]
pub(super) async fn test_webhook(
    access: Access<WebhooksWrite>,
    request: HttpRequest,
    body: RequestBody,
) -> Result<HttpResponse, Problem> {
    QueryReader::of(&request).finish()?;
    body.nothing().await?;
    let record = access.tower().webhook_test(webhook_id(&request)?, access.principal()).await?;
    json(StatusCode::ACCEPTED, &DeliveryBody::of(&record))
}
