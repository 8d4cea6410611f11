//! Events as they stand, and those that are to be tried again.

use actix_web::http::StatusCode;
use actix_web::http::header::ACCEPT;
use actix_web::{HttpRequest, HttpResponse};
use jct_contract::EventId;
use jct_event::EventSource;
use jct_event::cloud_event::{BATCH_CONTENT_TYPE, STRUCTURED_CONTENT_TYPE};
use jct_store::model::EventFilter;

use crate::auth::{Access, EventsRead, EventsWrite};
use crate::input::{PageQuery, QueryReader, RequestBody, path_id};
use crate::problem::{ErrorCode, Problem};
use crate::wire::{EventBody, batch_of_cloud_events, cloud_event, cloud_events, json, page};

/// Lists events, newest first. The body is an array; where the next page begins is in the headers `Link` (relation `next`)
/// and `X-Next-Cursor`. With `Accept: application/cloudevents-batch+json` they are CloudEvents.
#[utoipa::path(get, path = "/events", operation_id = "listEvents", tag = "events", security(("bearer" = ["events:read"])),
    params(
        ("status" = Option<String>, Query, description = "`pending`, `processing`, `completed`, `failed` or `dead`."),
        ("event_type" = Option<String>, Query, description = "One type, or all below a domain: `task.*`."),
        ("priority" = Option<String>, Query, description = "`low`, `medium`, `high` or `critical`."),
        ("source" = Option<String>, Query, description = "Only events of this source."),
        ("created_after" = Option<String>, Query, description = "Only events taken in at or after this RFC 3339 moment."),
        ("created_before" = Option<String>, Query, description = "Only events taken in before this RFC 3339 moment."),
        ("limit" = Option<u32>, Query, description = "1 to 500, by default 100."),
        ("offset" = Option<u32>, Query, description = "Skip this many, at most 10000; use `cursor` to go further."),
        ("cursor" = Option<String>, Query, description = "Begin where a page before ended; not together with `offset`.")
    ),
    responses((status = 200, description = "A page.", content(
        (Vec<EventBody<'static>> = "application/json"), (Vec<Object> = "application/cloudevents-batch+json")
    )))
)]
pub(super) async fn list_events(access: Access<EventsRead>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let mut query = QueryReader::of(&request);
    let filter = EventFilter {
        status: query.value("status"),
        event_type: query.value("event_type"),
        priority: query.value("priority"),
        source: query.value::<EventSource>("source").map(|source| source.to_string()),
        created_after: query.value("created_after"),
        created_before: query.value("created_before"),
    };
    let PageQuery { start, limit } = PageQuery::take(&mut query);
    query.finish()?;
    let events = access.tower().events(filter, start, limit).await?;
    if accepts(&request, BATCH_CONTENT_TYPE) {
        return page(&request, &cloud_events(&events.items), events.next).map(batch_of_cloud_events);
    }
    let bodies = events.items.iter().map(EventBody::of).collect::<Result<Vec<_>, _>>()?;
    page(&request, &bodies, events.next)
}

/// One event. With `Accept: application/cloudevents+json` it is a CloudEvent.
#[utoipa::path(get, path = "/events/{id}", operation_id = "getEvent", tag = "events", security(("bearer" = ["events:read"])),
    params(("id" = String, Path, description = "The event's id.")),
    responses(
        (status = 200, description = "The event.", content(
            (EventBody<'static> = "application/json"), (Object = "application/cloudevents+json")
        )),
        (status = 404, description = "No such event, or not an id.")
    )
)]
pub(super) async fn get_event(access: Access<EventsRead>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    QueryReader::of(&request).finish()?;
    let record = access.tower().event(event_id(&request)?).await?;
    if accepts(&request, STRUCTURED_CONTENT_TYPE) {
        return cloud_event(&record);
    }
    json(StatusCode::OK, &EventBody::of(&record)?)
}

/// Tries a failed or dead event again, with all its tries.
#[utoipa::path(post, path = "/events/{id}/redrive", operation_id = "redriveEvent", tag = "events", security(("bearer" = ["events:write"])),
    params(("id" = String, Path, description = "The event's id.")),
    responses(
        (status = 200, description = "Pending again.", body = EventBody<'static>),
        (status = 404, description = "No such event, or not an id."),
        (status = 409, description = "It is neither failed nor dead.")
    )
)]
pub(super) async fn redrive_event(
    access: Access<EventsWrite>,
    request: HttpRequest,
    body: RequestBody,
) -> Result<HttpResponse, Problem> {
    QueryReader::of(&request).finish()?;
    body.nothing().await?;
    let record = access.tower().event_redrive(event_id(&request)?, access.principal()).await?;
    json(StatusCode::OK, &EventBody::of(&record)?)
}

fn event_id(request: &HttpRequest) -> Result<EventId, Problem> {
    path_id(request, "id").ok_or_else(|| Problem::plain(ErrorCode::EventNotFound))
}

/// Whether the caller asks for this type by name; whoever takes anything gets plain JSON.
fn accepts(request: &HttpRequest, content_type: &str) -> bool {
    let named = |value: &str| {
        value.split(',').any(|one| one.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case(content_type))
    };
    request.headers().get_all(ACCEPT).any(|value| value.to_str().is_ok_and(named))
}
