//! The table of paths and methods below `/api/queue`, and their part of the OpenAPI document.

use actix_web::web::{self, ServiceConfig};
use utoipa::OpenApi;

use super::{artifacts, cancel, claim, create, events, read as jobs, tokens, upload, work};
use crate::routes::table::{read, reading, resource};

/// Every operation on jobs.
#[derive(OpenApi)]
#[openapi(paths(
    create::create_job,
    jobs::list_jobs,
    jobs::get_job,
    cancel::cancel_job,
    events::list_events,
    events::follow_job,
    artifacts::list_artifacts,
    artifacts::download_artifact,
    claim::claim_jobs,
    work::heartbeat,
    work::progress,
    work::append_event,
    work::complete,
    work::fail,
    work::acknowledge_cancel,
    upload::upload_artifact,
    tokens::create_token,
    tokens::list_tokens,
    tokens::revoke_token
))]
pub(crate) struct JobsDocument;

/// Registers the routes of jobs.
pub(crate) fn configure(config: &mut ServiceConfig) {
    config
        .service(
            resource("/api/queue/jobs", "GET, HEAD, POST")
                .route(read().to(jobs::list_jobs))
                .route(web::post().to(create::create_job)),
        )
        // Before the job of that name.
        .service(writing("/claim").route(web::post().to(claim::claim_jobs)))
        .service(reading("/api/queue/jobs/{job_id}").route(read().to(jobs::get_job)))
        .service(writing("/{job_id}/cancel").route(web::post().to(cancel::cancel_job)))
        .service(writing("/{job_id}/cancel/ack").route(web::post().to(work::acknowledge_cancel)))
        .service(writing("/{job_id}/heartbeat").route(web::post().to(work::heartbeat)))
        .service(writing("/{job_id}/progress").route(web::post().to(work::progress)))
        .service(writing("/{job_id}/complete").route(web::post().to(work::complete)))
        .service(writing("/{job_id}/fail").route(web::post().to(work::fail)))
        .service(
            resource("/api/queue/jobs/{job_id}/events", "GET, HEAD, POST")
                .route(read().to(events::list_events))
                .route(web::post().to(work::append_event)),
        )
        .service(reading("/api/queue/jobs/{job_id}/events/stream").route(read().to(events::follow_job)))
        .service(writing("/{job_id}/artifacts/upload").route(web::post().to(upload::upload_artifact)))
        .service(reading("/api/queue/jobs/{job_id}/artifacts").route(read().to(artifacts::list_artifacts)))
        .service(
            reading("/api/queue/jobs/{job_id}/artifacts/{artifact_id}/download")
                .route(read().to(artifacts::download_artifact)),
        )
        .service(
            resource("/api/queue/workers/tokens", "GET, HEAD, POST")
                .route(read().to(tokens::list_tokens))
                .route(web::post().to(tokens::create_token)),
        )
        .service(
            resource("/api/queue/workers/tokens/{token_id}/revoke", "POST").route(web::post().to(tokens::revoke_token)),
        );
}

/// A path about jobs that only takes `POST`.
fn writing(rest: &str) -> actix_web::Resource {
    resource(&format!("/api/queue/jobs{rest}"), "POST")
}
