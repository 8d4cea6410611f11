//! The table of the registry: which path takes which methods.

use actix_web::web::{self, ServiceConfig};
use utoipa::OpenApi;

use super::{entry, runs, versions};
use crate::routes::table::{read, reading, resource};

/// Every operation of the registry.
#[derive(OpenApi)]
#[openapi(paths(
    entry::list_manifests,
    entry::get_manifest,
    entry::put_manifest,
    entry::delete_manifest,
    versions::list_manifest_versions,
    versions::get_manifest_version,
    runs::run_manifest,
    runs::list_manifest_runs
))]
pub(crate) struct ManifestsDocument;

/// Registers the routes.
pub(crate) fn configure(config: &mut ServiceConfig) {
    config
        .service(reading("/api/manifests").route(read().to(entry::list_manifests)))
        .service(
            resource("/api/manifests/{name}", "GET, HEAD, PUT, DELETE")
                .route(read().to(entry::get_manifest))
                .route(web::put().to(entry::put_manifest))
                .route(web::delete().to(entry::delete_manifest)),
        )
        .service(reading("/api/manifests/{name}/versions").route(read().to(versions::list_manifest_versions)))
        .service(reading("/api/manifests/{name}/versions/{hash}").route(read().to(versions::get_manifest_version)))
        .service(
            resource("/api/manifests/{name}/runs", "GET, HEAD, POST")
                .route(read().to(runs::list_manifest_runs))
                .route(web::post().to(runs::run_manifest)),
        );
}
