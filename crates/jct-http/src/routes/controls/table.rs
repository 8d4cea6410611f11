//! The table of paths and methods of controls and agents, and their part of the OpenAPI document.

use actix_web::web::{self, ServiceConfig};
use utoipa::OpenApi;

use super::{agent, control};
use crate::routes::table::{read, reading, resource};

/// Every operation on controls and agents.
#[derive(OpenApi)]
#[openapi(paths(
    agent::list_agents,
    agent::get_agent,
    agent::start_agent,
    agent::stop_agent,
    agent::change_agent,
    control::list_controls,
    control::create_control,
    control::get_control,
    control::lift_control
))]
pub(crate) struct ControlsDocument;

/// Registers the routes.
pub(crate) fn configure(config: &mut ServiceConfig) {
    config
        .service(reading("/agents").route(read().to(agent::list_agents)))
        .service(
            resource("/agents/{name}", "GET, HEAD, PATCH")
                .route(read().to(agent::get_agent))
                .route(web::patch().to(agent::change_agent)),
        )
        .service(resource("/agents/{name}/start", "POST").route(web::post().to(agent::start_agent)))
        .service(resource("/agents/{name}/stop", "POST").route(web::post().to(agent::stop_agent)))
        .service(
            resource("/controls", "GET, HEAD, POST")
                .route(read().to(control::list_controls))
                .route(web::post().to(control::create_control)),
        )
        .service(
            resource("/controls/{id}", "GET, HEAD, DELETE")
                .route(read().to(control::get_control))
                .route(web::delete().to(control::lift_control)),
        );
}
