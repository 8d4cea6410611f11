//! The process and the tower at a glance.

use std::time::{Duration, Instant};

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};

use crate::auth::{Access, Guarded, TasksRead};
use crate::edge::Edge;
use crate::input::QueryReader;
use crate::problem::Problem;
use crate::wire::{HealthBody, HealthzBody, OverviewBody, VersionBody, WorkerBody, json};

/// A probe must answer even when the database hangs.
const PROBE_LIMIT: Duration = Duration::from_secs(2);

/// When this process began to serve.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Uptime(pub(crate) Instant);

/// Whether the process answers. Looks at nothing else.
#[utoipa::path(get, path = "/health", operation_id = "health", tag = "system", responses(
    (status = 200, description = "It does.", body = HealthBody)
))]
pub(crate) async fn health() -> Result<HttpResponse, Problem> {
    json(StatusCode::OK, &HealthBody { status: "ok" })
}

/// Whether the process and its database answer.
#[utoipa::path(get, path = "/healthz", operation_id = "healthz", tag = "system", responses(
    (status = 200, description = "Both do.", body = HealthzBody),
    (status = 503, description = "The database does not answer. The body has the same shape, not that of a problem.", body = HealthzBody)
))]
pub(crate) async fn healthz(app: web::Data<Guarded>) -> Result<HttpResponse, Problem> {
    match tokio::time::timeout(PROBE_LIMIT, app.ping()).await {
        Ok(Ok(())) => json(StatusCode::OK, &HealthzBody { status: "ok", ok: true, db: true }),
        Ok(Err(_)) | Err(_) => {
            json(StatusCode::SERVICE_UNAVAILABLE, &HealthzBody { status: "unavailable", ok: false, db: false })
        }
    }
}

/// The version of the server.
#[utoipa::path(get, path = "/version", operation_id = "version", tag = "system", security(("bearer" = ["tasks:read"])), responses(
    (status = 200, description = "The version.", body = VersionBody)
))]
pub(crate) async fn version(
    _access: Access<TasksRead>,
    app: web::Data<Guarded>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    QueryReader::of(&request).finish()?;
    json(StatusCode::OK, &VersionBody { version: app.version() })
}

/// Queue, workers, database and uptime at a glance.
#[utoipa::path(get, path = "/status", operation_id = "status", tag = "system", security(("bearer" = ["tasks:read"])), responses(
    (status = 200, description = "The tower at a glance.", body = OverviewBody<'static>)
))]
pub(crate) async fn status(
    access: Access<TasksRead>,
    app: web::Data<Guarded>,
    uptime: web::Data<Uptime>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    QueryReader::of(&request).finish()?;
    let overview = access.tower().overview().await?;
    json(StatusCode::OK, &OverviewBody::of(&overview, app.version(), uptime.0.elapsed()))
}

/// Workers seen in the last ten minutes, by name.
#[utoipa::path(get, path = "/workers", operation_id = "listWorkers", tag = "system", security(("bearer" = ["tasks:read"])), responses(
    (status = 200, description = "The workers.", body = Vec<WorkerBody<'static>>)
))]
pub(crate) async fn workers(access: Access<TasksRead>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    QueryReader::of(&request).finish()?;
    let workers = access.tower().workers().await?;
    json(StatusCode::OK, &workers.iter().map(WorkerBody::of).collect::<Vec<_>>())
}

/// Numbers in the text format of Prometheus.
#[utoipa::path(get, path = "/metrics", operation_id = "metrics", tag = "system", security(("bearer" = ["tasks:read"])), responses(
    (status = 200, description = "The numbers.", body = String, content_type = "application/openmetrics-text")
))]
pub(crate) async fn metrics(
    access: Access<TasksRead>,
    edge: web::Data<Edge>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    QueryReader::of(&request).finish()?;
    let text = edge.metrics.scrape(access.tower()).await?;
    Ok(HttpResponse::Ok().content_type("application/openmetrics-text; version=1.0.0; charset=utf-8").body(text))
}
