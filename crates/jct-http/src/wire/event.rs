//! Events: as the tower keeps them, as CloudEvents, and what the answer to a new one says.

use std::collections::BTreeMap;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_TYPE, HeaderValue, LOCATION};
use jct_contract::{EventId, Timestamp};
use jct_event::CloudEvent;
use jct_event::cloud_event::{BATCH_CONTENT_TYPE, STRUCTURED_CONTENT_TYPE};
use jct_store::model::{EventPosted, EventRecord};
use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::enqueue::replayed;
use super::json;
use super::task::raw;
use crate::problem::Problem;

/// What stands in the answer to an event that was taken in.
const MESSAGE: &str = "Event created and queued for processing";

/// An event.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Event)]
pub(crate) struct EventBody<'a> {
    #[schema(value_type = String, format = "uuid")]
    id: EventId,
    #[schema(example = "monitoring.service_down")]
    r#type: &'a str,
    source: &'a str,
    /// The id that its source gave it.
    source_id: Option<&'a str>,
    subject: Option<&'a str>,
    /// When it happened, as its source says.
    #[schema(value_type = Option<String>, format = DateTime)]
    time: Option<Timestamp>,
    /// What it says about what happened; any JSON.
    data: Option<&'a Value>,
    /// The same, if it is no JSON.
    data_base64: Option<&'a str>,
    data_content_type: Option<&'a str>,
    data_schema: Option<&'a str>,
    /// Extension attributes that it came with as a CloudEvent.
    #[schema(value_type = Object)]
    extensions: Map<String, Value>,
    #[schema(example = "medium")]
    priority: &'static str,
    tags: &'a BTreeMap<String, String>,
    #[schema(example = "pending")]
    status: &'static str,
    created_by: &'a str,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// Events of the tower between this one and one from outside.
    depth: u32,
    /// What it is a consequence of, if that was an event.
    cause: Option<&'a str>,
    attempts: u32,
    #[schema(value_type = Option<String>, format = DateTime)]
    next_attempt_at: Option<Timestamp>,
    #[schema(value_type = Option<String>, format = DateTime)]
    processed_at: Option<Timestamp>,
    processed_by: Option<&'a str>,
    /// What came of it.
    #[schema(value_type = Option<Object>)]
    result: Option<&'a RawValue>,
    error: Option<&'a str>,
}

impl<'a> EventBody<'a> {
    pub(crate) fn of(record: &'a EventRecord) -> Result<Self, Problem> {
        let event = &record.event;
        Ok(Self {
            id: record.id,
            r#type: event.event_type().as_str(),
            source: event.source().as_str(),
            source_id: event.id(),
            subject: event.subject(),
            time: event.time(),
            data: event.data().json(),
            data_base64: event.data().base64(),
            data_content_type: event.content_type(),
            data_schema: event.data_schema(),
            extensions: event.extensions().iter().map(|(name, value)| (name.clone(), value.to_json())).collect(),
            priority: event.priority().as_str(),
            tags: event.tags(),
            status: record.status.as_str(),
            created_by: record.created_by.name(),
            created_at: record.created_at,
            depth: record.depth,
            cause: record.cause.as_deref(),
            attempts: record.attempts,
            next_attempt_at: record.next_attempt_at,
            processed_at: record.processed_at,
            processed_by: record.processed_by.as_deref(),
            result: record.result.as_deref().map(raw).transpose()?,
            error: record.error.as_deref(),
        })
    }
}

/// An event as a CloudEvent.
pub(crate) fn cloud_event(record: &EventRecord) -> Result<HttpResponse, Problem> {
    Ok(typed(json(StatusCode::OK, &structured(record))?, STRUCTURED_CONTENT_TYPE))
}

/// Makes a page of CloudEvents of a page of events.
pub(crate) fn cloud_events(records: &[EventRecord]) -> Vec<Value> {
    records.iter().map(structured).collect()
}

/// Says that an answer has CloudEvents.
pub(crate) fn batch_of_cloud_events(response: HttpResponse) -> HttpResponse {
    typed(response, BATCH_CONTENT_TYPE)
}

fn structured(record: &EventRecord) -> Value {
    Value::Object(CloudEvent::of(&record.event, record.id, record.created_at).to_structured())
}

fn typed(mut response: HttpResponse, content_type: &'static str) -> HttpResponse {
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

/// An event was taken in, now or before.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PostedEvent)]
pub(crate) struct PostedBody {
    #[schema(example = "success")]
    status: &'static str,
    #[schema(value_type = String, format = "uuid")]
    event_id: EventId,
    message: &'static str,
}

/// What became of the events of a batch, in order.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PostedEvents)]
pub(crate) struct PostedEventsBody {
    /// `success`, or `partial` if an event was refused because another one has its key.
    #[schema(example = "success")]
    status: &'static str,
    events: Vec<PostedItem>,
}

/// What became of one event of a batch.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PostedItem)]
struct PostedItem {
    /// Its own id, or that of the event that has its key.
    #[schema(value_type = String, format = "uuid")]
    event_id: EventId,
    /// `created`, `replayed` or `key_reused`.
    #[schema(example = "created")]
    outcome: &'static str,
}

/// The answer to one event; `created` is the status of one that is new.
pub(crate) fn event_posted(posted: EventPosted, created: StatusCode) -> Result<HttpResponse, Problem> {
    let (id, status, is_replay) = match posted {
        EventPosted::Created { id, .. } => (id, created, false),
        EventPosted::Replayed { id, .. } => (id, StatusCode::OK, true),
        EventPosted::KeyReused { id } => return Err(Problem::event_key_reused(id)),
    };
    let mut response = json(status, &PostedBody { status: "success", event_id: id, message: MESSAGE })?;
    if let Ok(location) = HeaderValue::from_str(&format!("/events/{id}")) {
        response.headers_mut().insert(LOCATION, location);
    }
    if is_replay {
        replayed(&mut response);
    }
    Ok(response)
}

/// The answer to a batch.
pub(crate) fn events_posted(posted: &[EventPosted]) -> Result<HttpResponse, Problem> {
    let item = |posted: &EventPosted| match *posted {
        EventPosted::Created { id, .. } => PostedItem { event_id: id, outcome: "created" },
        EventPosted::Replayed { id, .. } => PostedItem { event_id: id, outcome: "replayed" },
        EventPosted::KeyReused { id } => PostedItem { event_id: id, outcome: "key_reused" },
    };
    let refused = posted.iter().any(|posted| matches!(posted, EventPosted::KeyReused { .. }));
    let created = posted.iter().any(|posted| matches!(posted, EventPosted::Created { .. }));
    let status = if created && !refused { StatusCode::CREATED } else { StatusCode::OK };
    let body = PostedEventsBody {
        status: if refused { "partial" } else { "success" },
        events: posted.iter().map(item).collect(),
    };
    json(status, &body)
}
