//! The table of events: which path takes which methods.

use actix_web::web::{self, ServiceConfig};
use utoipa::OpenApi;

use super::{post, read};
use crate::routes::table::{read as reads, reading, resource};

/// Every operation on events.
#[derive(OpenApi)]
#[openapi(paths(post::post_event, read::list_events, read::get_event, read::redrive_event))]
pub(crate) struct EventsDocument;

/// Registers the routes.
pub(crate) fn configure(config: &mut ServiceConfig) {
    config
        .service(
            resource("/events", "GET, HEAD, POST")
                .route(reads().to(read::list_events))
                .route(web::post().to(post::post_event)),
        )
        .service(reading("/events/{id}").route(reads().to(read::get_event)))
        .service(resource("/events/{id}/redrive", "POST").route(web::post().to(read::redrive_event)));
}
