//! The history of a job, as a list and as a stream.

use std::fmt::Write;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use jct_contract::TaskId;
use jct_store::model::TaskEventRecord;
use jct_tower::jobs::EventRange;

use super::schemas::JobEventPageSchema;
use crate::auth::{Access, JobsRead};
use crate::input::{JobPath, QueryReader};
use crate::problem::{ErrorCode, Problem};
use crate::routes::Closing;
use crate::routes::events::{Follow, last_seen, stream_events};
use crate::wire::{ItemsBody, JobEventBody, json};

const DEFAULT_LIMIT: u32 = 200;
const MAX_LIMIT: u32 = 500;

/// Lists what happened to a job. Numbers have no gaps, so that a page can begin anywhere.
#[utoipa::path(get, path = "/api/queue/jobs/{job_id}/events", operation_id = "listJobEvents", tag = "jobs",
    security(("bearer" = ["jobs:read"])),
    params(
        ("job_id" = String, Path, description = "The job."),
        ("after" = Option<u64>, Query, description = "Only events after this number."),
        ("before" = Option<u64>, Query, description = "Only events before this number."),
        ("sort" = Option<String>, Query, description = "`asc` (default) or `desc`."),
        ("limit" = Option<u32>, Query, description = "1 to 500, by default 200."),
        ("cursor" = Option<u64>, Query, description = "The `nextCursor` of a page: `after` when sorted `asc`, else `before`.")
    ),
    responses(
        (status = 200, description = "A page.", body = JobEventPageSchema),
        (status = 404, description = "No such job, or not an id.")
    )
)]
pub(super) async fn list_events(
    access: Access<JobsRead>,
    path: JobPath,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let range = range(QueryReader::of(&request))?;
    let job = path.id()?;
    let page = access.tower().job_events(job, range).await?;
    let events = page.events.iter().map(|event| JobEventBody::of(job, event)).collect();
    json(StatusCode::OK, &ItemsBody::numbered(events, page.next))
}

/// Follows a job: every event once, from the beginning or after `Last-Event-ID`, until the job has ended. Asking for more
/// after that is answered with `204`.
#[utoipa::path(get, path = "/api/queue/jobs/{job_id}/events/stream", operation_id = "followJob", tag = "jobs",
    security(("bearer" = ["jobs:read"])),
    params(
        ("job_id" = String, Path, description = "The job."),
        ("Last-Event-ID" = Option<u64>, Header, description = "Go on after this event."),
        ("last_event_id" = Option<u64>, Query, description = "The same, for clients that cannot set headers.")
    ),
    responses(
        (status = 200, description = "The stream; each frame is a `queue_event`.", body = String, content_type = "text/event-stream"),
        (status = 204, description = "The job has ended and the client has seen everything."),
        (status = 404, description = "No such job, or not an id.")
    )
)]
pub(super) async fn follow_job(
    access: Access<JobsRead>,
    path: JobPath,
    closing: web::Data<Closing>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let after = last_seen(&request)?;
    let follow = Follow { task_id: path.id()?, after, frame, not_found: ErrorCode::JobNotFound };
    stream_events(access.tower(), follow, &closing).await
}

fn frame(text: &mut String, job: TaskId, event: &TaskEventRecord) {
    // JSON without raw line breaks, since it is written here and not passed on.
    let data = serde_json::to_string(&JobEventBody::of(job, event)).unwrap_or_default();
    // Writing to a string cannot fail.
    let _ = write!(text, "id: {}\nevent: queue_event\ndata: {data}\n\n", event.seq);
}

fn range(mut query: QueryReader<'_>) -> Result<EventRange, Problem> {
    let after = query.value::<u64>("after");
    let before = query.value::<u64>("before");
    let cursor = query.value::<u64>("cursor");
    let newest_first = match query.text("sort").as_deref() {
        None | Some("asc") => false,
        Some("desc") => true,
        Some(_) => {
            query.refuse("sort", "VALUE_NOT_ALLOWED", "`sort` is `asc` or `desc`".to_owned());
            false
        }
    };
    let limit = query.integer("limit", 1, MAX_LIMIT).unwrap_or(DEFAULT_LIMIT);
    // The database counts in signed numbers.
    let largest = i64::MAX.unsigned_abs();
    for (name, number) in [("after", after), ("before", before), ("cursor", cursor)] {
        if number.is_some_and(|number| number > largest) {
            query.refuse(name, "VALUE_NOT_ALLOWED", format!("`{name}` is the number of an event"));
        }
    }
    query.finish()?;
    let (after, before) = match (cursor, newest_first) {
        (Some(cursor), false) => (Some(cursor), before),
        (Some(cursor), true) => (after, Some(cursor)),
        (None, _) => (after, before),
    };
    Ok(EventRange { after: after.unwrap_or(0), before, newest_first, limit })
}
