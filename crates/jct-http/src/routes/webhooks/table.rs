//! The table of webhooks: which path takes which methods.

use actix_web::web::{self, ServiceConfig};
use utoipa::OpenApi;

use super::{deliveries, webhook};
use crate::routes::table::{read, reading, resource};

/// Every operation on webhooks.
#[derive(OpenApi)]
#[openapi(paths(
    webhook::list_webhooks,
    webhook::create_webhook,
    webhook::get_webhook,
    webhook::update_webhook,
    webhook::delete_webhook,
    webhook::rotate_webhook_secret,
    deliveries::list_deliveries,
    deliveries::redeliver,
    deliveries::test_webhook
))]
pub(crate) struct WebhooksDocument;

/// Registers the routes.
pub(crate) fn configure(config: &mut ServiceConfig) {
    config
        .service(
            resource("/webhooks", "GET, HEAD, POST")
                .route(read().to(webhook::list_webhooks))
                .route(web::post().to(webhook::create_webhook)),
        )
        .service(
            resource("/webhooks/{id}", "GET, HEAD, PATCH, DELETE")
                .route(read().to(webhook::get_webhook))
                .route(web::patch().to(webhook::update_webhook))
                .route(web::delete().to(webhook::delete_webhook)),
        )
        .service(resource("/webhooks/{id}/rotate-secret", "POST").route(web::post().to(webhook::rotate_webhook_secret)))
        .service(resource("/webhooks/{id}/test", "POST").route(web::post().to(deliveries::test_webhook)))
        .service(reading("/webhooks/{id}/deliveries").route(read().to(deliveries::list_deliveries)))
        .service(
            resource("/webhooks/{id}/deliveries/{delivery_id}/redeliver", "POST")
                .route(web::post().to(deliveries::redeliver)),
        );
}
