//! Jobs as operators see them: one and many.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};
use jct_contract::JobType;
use jct_lifecycle::JobStatus;
use jct_store::model::TaskFilter;

use super::schemas::JobPageSchema;
use crate::auth::{Access, JobsRead};
use crate::input::{JobPath, PageQuery, QueryReader};
use crate::problem::Problem;
use crate::wire::{ItemsBody, OperatorJobBody, jobs, json};

/// Lists jobs, newest first.
#[utoipa::path(get, path = "/api/queue/jobs", operation_id = "listJobs", tag = "jobs", security(("bearer" = ["jobs:read"])),
    params(
        ("status" = Option<String>, Query, description = "Only jobs that are `queued`, `running`, `succeeded`, `failed`, `cancelled` or `dead_letter`."),
        ("type" = Option<String>, Query, description = "Only jobs of this type."),
        ("limit" = Option<u32>, Query, description = "1 to 500, by default 100."),
        ("offset" = Option<u32>, Query, description = "Skip this many, at most 10000; use `cursor` to go further."),
        ("cursor" = Option<String>, Query, description = "Begin where a page before ended; not together with `offset`.")
    ),
    responses((status = 200, description = "A page.", body = JobPageSchema))
)]
pub(super) async fn list_jobs(access: Access<JobsRead>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let mut query = QueryReader::of(&request);
    let job_status = query.value::<JobStatus>("status");
    let job_type = query.value::<JobType>("type");
    let PageQuery { start, limit } = PageQuery::take(&mut query);
    query.finish()?;
    let filter = TaskFilter { job_status, job_type, ..TaskFilter::default() };
    let page = access.tower().tasks(filter, start, limit).await?;
    json(StatusCode::OK, &ItemsBody::new(jobs(&page.items), page.next))
}

/// One job. It shows no content of a manifest, whoever asks.
#[utoipa::path(get, path = "/api/queue/jobs/{job_id}", operation_id = "getJob", tag = "jobs", security(("bearer" = ["jobs:read"])),
    params(
        ("job_id" = String, Path, description = "The job."),
        ("expand" = Option<String>, Query, description = "`result` shows the whole result of a job that succeeded.")
    ),
    responses(
        (status = 200, description = "The job.", body = OperatorJobBody<'static>),
        (status = 404, description = "No such job, or not an id.")
    )
)]
pub(super) async fn get_job(
    access: Access<JobsRead>,
    path: JobPath,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let mut query = QueryReader::of(&request);
    let expand = query.text("expand");
    if expand.as_deref().is_some_and(|what| what != "result") {
        query.refuse("expand", "VALUE_NOT_ALLOWED", "`expand` is `result`".to_owned());
    }
    query.finish()?;
    let record = access.tower().job(path.id()?).await?;
    let body = if expand.is_some() { OperatorJobBody::with_result(&record)? } else { OperatorJobBody::of(&record) };
    json(StatusCode::OK, &body)
}
