//! The table of workflows: which path takes which methods.

use actix_web::web::{self, ServiceConfig};
use utoipa::OpenApi;

use super::{runs, versions, workflow};
use crate::routes::table::{read, reading, resource};

/// Every operation on workflows and their runs.
#[derive(OpenApi)]
#[openapi(paths(
    workflow::list_workflows,
    workflow::define_workflow,
    workflow::get_workflow,
    workflow::change_workflow,
    versions::list_workflow_versions,
    versions::get_workflow_version,
    runs::list_workflow_runs,
    runs::start_workflow_run,
    runs::get_workflow_run,
    runs::cancel_workflow_run,
    runs::fork_workflow_run
))]
pub(crate) struct WorkflowsDocument;

/// Registers the routes.
pub(crate) fn configure(config: &mut ServiceConfig) {
    config
        .service(
            resource("/workflows", "GET, HEAD, POST")
                .route(read().to(workflow::list_workflows))
                .route(web::post().to(workflow::define_workflow)),
        )
        .service(
            resource("/workflows/{id}", "GET, HEAD, PATCH")
                .route(read().to(workflow::get_workflow))
                .route(web::patch().to(workflow::change_workflow)),
        )
        .service(reading("/workflows/{id}/versions").route(read().to(versions::list_workflow_versions)))
        .service(reading("/workflows/{id}/versions/{version}").route(read().to(versions::get_workflow_version)))
        .service(
            resource("/workflows/{id}/runs", "GET, HEAD, POST")
                .route(read().to(runs::list_workflow_runs))
                .route(web::post().to(runs::start_workflow_run)),
        )
        .service(reading("/workflows/{id}/runs/{run}").route(read().to(runs::get_workflow_run)))
        .service(resource("/workflows/{id}/runs/{run}/cancel", "POST").route(web::post().to(runs::cancel_workflow_run)))
        .service(resource("/workflows/{id}/runs/{run}/fork", "POST").route(web::post().to(runs::fork_workflow_run)));
}
