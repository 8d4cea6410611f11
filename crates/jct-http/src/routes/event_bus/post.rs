//! Events on their way in: as a body, in the query form, and as CloudEvents in each of their forms.

use actix_web::http::StatusCode;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::{HttpRequest, HttpResponse};
use jct_event::cloud_event::content_mode;
use jct_event::{CloudEvent, ContentMode, EventError, NewEvent};
use jct_tower::events::PostEvents;

use super::schemas::NewEventSchema;
use crate::auth::{Access, EventsWrite};
use crate::input::{RequestBody, idempotency_key};
use crate::problem::{ErrorCode, Place, Problem};
use crate::wire::{PostedBody, PostedEventsBody, event_posted, events_posted};

/// Parameters of the query form.
const PARAMETERS: [&str; 3] = ["/event_type", "/source", "/priority"];

/// Hands in an event, or with `application/cloudevents-batch+json` up to 100. It is durable when the answer comes.
#[utoipa::path(post, path = "/events", operation_id = "postEvent", tag = "events", security(("bearer" = ["events:write"])),
    params(
        ("event_type" = Option<String>, Query, description = "With `source`: the query form, which is answered with 200."),
        ("source" = Option<String>, Query, description = "With `event_type`."),
        ("priority" = Option<String>, Query, description = "`low`, `medium`, `high` or `critical`, in any letter case; only in the query form."),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes a repetition harmless, for an event without an `id` of its own.")
    ),
    request_body(content(
        (NewEventSchema = "application/json"),
        (Object = "application/cloudevents+json"),
        (Vec<Object> = "application/cloudevents-batch+json")
    )),
    responses(
        (status = 201, description = "Kept.", content(
            (PostedBody = "application/json"), (PostedEventsBody = "application/cloudevents-batch+json")
        )),
        (status = 200, description = "Kept, in the query form; or a repetition: nothing was written.", body = PostedBody),
        (status = 409, description = "Another event has the key."),
        (status = 422, description = "The event breaks its contract; `violations` has every place.")
    )
)]
pub(super) async fn post_event(
    access: Access<EventsWrite>,
    request: HttpRequest,
    body: RequestBody,
) -> Result<HttpResponse, Problem> {
    let idempotency_key = idempotency_key(&request)?.map(ToOwned::to_owned);
    let (form, events) = read(&request, body).await?;
    let post = PostEvents { events, idempotency_key, principal: access.principal() };
    let posted = access.tower().events_post(post).await?;
    match (form, posted.as_slice()) {
        (Form::Query, [posted]) => event_posted(*posted, StatusCode::OK),
        (Form::Body | Form::Cloud, [posted]) => event_posted(*posted, StatusCode::CREATED),
        (_, posted) => events_posted(posted),
    }
}

/// How events were handed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Query,
    Body,
    Cloud,
    Batch,
}

async fn read(request: &HttpRequest, body: RequestBody) -> Result<(Form, Vec<NewEvent>), Problem> {
    let content_type = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let has_ce_headers = request.headers().keys().any(|name| name.as_str().starts_with("ce-"));
    let mode = content_mode(content_type, has_ce_headers);
    if mode != ContentMode::Other && !request.query_string().is_empty() {
        return Err(Problem::new(ErrorCode::InvalidRequest, "a CloudEvent is handed in without parameters"));
    }
    let in_body = |error| Problem::of_event(error, |_| Place::Body);
    match mode {
        ContentMode::Structured => {
            let event = cloud(CloudEvent::from_structured(&body.cloud_events().await?)).map_err(in_body)?;
            Ok((Form::Cloud, vec![event]))
        }
        ContentMode::Batch => {
            let events = CloudEvent::from_batch(&body.cloud_events().await?).map_err(in_body)?;
            let events = events.into_iter().map(CloudEvent::into_new_event).collect::<Result<_, _>>();
            Ok((Form::Batch, events.map_err(in_body)?))
        }
        ContentMode::Binary => Ok((Form::Cloud, vec![binary(request, body).await?])),
        ContentMode::Other => plain(request, body).await,
        ContentMode::Unsupported => {
            let detail = "CloudEvents are read in JSON: `application/cloudevents+json`, or in binary form";
            Err(Problem::new(ErrorCode::UnsupportedMediaType, detail))
        }
    }
}

fn cloud(event: Result<CloudEvent, EventError>) -> Result<NewEvent, EventError> {
    event.and_then(CloudEvent::into_new_event)
}

async fn binary(request: &HttpRequest, body: RequestBody) -> Result<NewEvent, Problem> {
    let bytes = body.any().await?;
    let mut headers = Vec::new();
    for (name, value) in request.headers() {
        let is_attribute = name.as_str().starts_with("ce-") || name == CONTENT_TYPE;
        match value.to_str() {
            Ok(value) if is_attribute => headers.push((name.as_str(), value)),
            Err(_) if is_attribute => {
                let detail = format!("the header `{name}` is not visible ASCII; escape other characters with `%`");
                return Err(Problem::new(ErrorCode::InvalidRequest, detail));
            }
            Ok(_) | Err(_) => {}
        }
    }
    let place = |pointer: &str| if pointer.starts_with("/data") { Place::Body } else { Place::Header };
    cloud(CloudEvent::from_binary(headers, &bytes)).map_err(|error| Problem::of_event(error, place))
}

async fn plain(request: &HttpRequest, body: RequestBody) -> Result<(Form, Vec<NewEvent>), Problem> {
    let bytes = body.json().await?;
    if request.query_string().is_empty() {
        let event = NewEvent::from_json(&bytes).map_err(|error| Problem::of_event(error, |_| Place::Body))?;
        return Ok((Form::Body, vec![event]));
    }
    let parameters: Vec<(String, String)> =
        url::form_urlencoded::parse(request.query_string().as_bytes()).into_owned().collect();
    let in_query = |pointer: &str| {
        PARAMETERS.contains(&pointer) || parameters.iter().any(|(name, _)| pointer.strip_prefix('/') == Some(name))
    };
    let place = |pointer: &str| if in_query(pointer) { Place::Query } else { Place::Body };
    let event = NewEvent::from_query(&parameters, &bytes).map_err(|error| Problem::of_event(error, place))?;
    Ok((Form::Query, vec![event]))
}
