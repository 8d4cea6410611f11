//! The table: which path takes which methods, and the OpenAPI document that says the same.
//!
//! A test walks the document and asks the server about every line of it, so that the two cannot part.

use actix_web::guard;
use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpResponse, Resource, Route};
use utoipa::OpenApi;

use super::{
    attempts, audit, batch, change, controls, cwom, docs, enqueue, event_bus, events, explain, jobs, keys, list,
    manifests, mcp, queue, reviews, runs, system, task, trace, trace_file, webhooks, workflows,
};
use crate::problem::{ErrorCode, Problem};

/// Every operation of the surface.
#[derive(OpenApi)]
#[openapi(
    info(title = "Jules Control Tower", description = "A control tower for AI-assisted development."),
    paths(
        system::health,
        system::healthz,
        system::version,
        system::status,
        system::metrics,
        system::workers,
        docs::openapi,
        docs::openapi_gpt,
        enqueue::enqueue_task,
        batch::enqueue_batch,
        list::list_tasks,
        task::get_task,
        change::change_status,
        change::cancel_task,
        events::task_events,
        explain::explain_task,
        attempts::task_attempts,
        trace::task_trace,
        trace_file::task_trace_file,
        reviews::pending_reviews,
        runs::view_run,
        runs::run_diff,
        runs::run_bundle,
        runs::push_run,
        queue::pause_queue,
        queue::resume_queue,
        audit::list_audit,
        audit::audit_checkpoints,
        audit::audit_chain,
        audit::audit_state,
        keys::list_keys,
        keys::create_key,
        keys::revoke_key
    )
)]
pub(crate) struct Document;

/// Registers every route.
pub(crate) fn configure(config: &mut ServiceConfig) {
    config
        .service(reading("/health").route(read().to(system::health)))
        .service(reading("/healthz").route(read().to(system::healthz)))
        .service(reading("/version").route(read().to(system::version)))
        .service(reading("/status").route(read().to(system::status)))
        .service(reading("/metrics").route(read().to(system::metrics)))
        .service(reading("/workers").route(read().to(system::workers)))
        .service(reading("/openapi.json").route(read().to(docs::openapi)))
        .service(reading("/openapi-gpt.json").route(read().to(docs::openapi_gpt)))
        .service(reading("/docs").route(read().to(docs::redirect)))
        .service(reading("/docs/errors/{code}").route(read().to(docs::error_page)))
        .service(reading("/docs/{file:.*}").route(read().to(docs::shell)))
        .service(resource("/tasks/enqueue", "POST").route(web::post().to(enqueue::enqueue_task)))
        .service(resource("/tasks/enqueue/batch", "POST").route(web::post().to(batch::enqueue_batch)))
        .service(reading("/tasks").route(read().to(list::list_tasks)))
        .service(reading("/tasks/{task_id}").route(read().to(task::get_task)))
        .service(resource("/tasks/{task_id}/status", "PATCH").route(web::patch().to(change::change_status)))
        .service(resource("/tasks/{task_id}/cancel", "POST").route(web::post().to(change::cancel_task)))
        .service(reading("/tasks/{task_id}/events").route(read().to(events::task_events)))
        .service(reading("/tasks/{task_id}/explain").route(read().to(explain::explain_task)))
        .service(reading("/tasks/{task_id}/attempts").route(read().to(attempts::task_attempts)))
        .service(reading("/tasks/{task_id}/trace").route(read().to(trace::task_trace)))
        .service(reading("/tasks/{task_id}/trace/{file:.*}").route(read().to(trace_file::task_trace_file)))
        .service(reading("/reviews/pending").route(read().to(reviews::pending_reviews)))
        .service(reading("/runs/{id}").route(read().to(runs::view_run)))
        .service(reading("/runs/{id}/diff").route(read().to(runs::run_diff)))
        .service(reading("/runs/{id}/bundle").route(read().to(runs::run_bundle)))
        .service(resource("/runs/{id}/push", "POST").route(web::post().to(runs::push_run)))
        .service(resource("/queue/pause", "POST").route(web::post().to(queue::pause_queue)))
        .service(resource("/queue/resume", "POST").route(web::post().to(queue::resume_queue)))
        .service(
            resource("/keys", "GET, HEAD, POST")
                .route(read().to(keys::list_keys))
                .route(web::post().to(keys::create_key)),
        )
        .service(resource("/keys/{name}", "DELETE").route(web::delete().to(keys::revoke_key)))
        .service(reading("/audit").route(read().to(audit::list_audit)))
        .service(reading("/audit/checkpoints").route(read().to(audit::audit_checkpoints)))
        .service(reading("/audit/{entity_kind}/{entity_id}").route(read().to(audit::audit_chain)))
        .service(reading("/audit/{entity_kind}/{entity_id}/state").route(read().to(audit::audit_state)))
        .service(resource("/mcp", "POST").route(web::post().to(mcp::answer)))
        .configure(cwom::configure)
        .configure(jobs::configure)
        .configure(manifests::configure)
        .configure(controls::configure)
        .configure(event_bus::configure)
        .configure(webhooks::configure)
        .configure(workflows::configure)
        .default_service(web::to(unknown_path));
}

/// A path that can only be read.
pub(super) fn reading(path: &str) -> Resource {
    resource(path, "GET, HEAD")
}

/// A path with the methods it takes, as the `Allow` header names them.
pub(super) fn resource(path: &str, allow: &'static str) -> Resource {
    web::resource(path).default_service(web::to(move || async move { refused(Problem::method_not_allowed(allow)) }))
}

pub(super) fn read() -> Route {
    web::route().guard(guard::Any(guard::Get()).or(guard::Head()))
}

async fn unknown_path() -> Result<HttpResponse, Problem> {
    refused(Problem::plain(ErrorCode::NotFound))
}

const fn refused(problem: Problem) -> Result<HttpResponse, Problem> {
    Err(problem)
}
