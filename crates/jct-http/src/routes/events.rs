//! The history of a task as server-sent events: from the beginning or where the client left off, until the final state.

use std::convert::Infallible;
use std::fmt::Write;
use std::time::Duration;

use actix_web::http::header::{CACHE_CONTROL, HeaderName, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, web};
use bytes::Bytes;
use futures_util::{Stream, stream};
use jct_contract::TaskId;
use jct_store::Wake;
use jct_store::model::TaskEventRecord;
use jct_tower::Tower;
use jct_tower::tasks::{Events, ReadError};
use serde::Serialize;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::auth::{Access, TasksRead};
use crate::input::{QueryReader, TaskPath};
use crate::problem::{ErrorCode, Place, Problem, Violation};
use crate::wire::{no_content, raw};

/// A comment this often keeps proxies from closing a quiet connection.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// A hint may get lost on its way from another process; then this is how late an event comes.
const POLL: Duration = Duration::from_secs(5);
/// Looks are at least this far apart, however busy the tower is.
const PAUSE: Duration = Duration::from_millis(50);
const PAGE: u32 = 500;
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// Tells every stream, and everybody who waits, that the server is going down.
#[derive(Clone, Debug)]
pub(crate) struct Closing(pub(crate) watch::Receiver<bool>);

impl Closing {
    /// Ready once the server goes down.
    pub(crate) fn ended(&self) -> impl Future<Output = ()> + use<> {
        let mut closing = self.0.clone();
        async move {
            // Nobody is left who could say it: then it has gone down.
            let _ = closing.wait_for(|closing| *closing).await;
        }
    }
}

/// State changes and log lines as they happen. Each event has a gap-free `id`; a client that comes back with
/// `Last-Event-ID` goes on where it left off. The stream ends at the final state; asking for more after that is
/// answered with `204`, which tells a browser to stop.
#[utoipa::path(get, path = "/tasks/{task_id}/events", operation_id = "taskEvents", tag = "tasks", security(("bearer" = ["tasks:read"])),
    params(
        ("task_id" = String, Path, description = "The task."),
        ("Last-Event-ID" = Option<u64>, Header, description = "Go on after this event."),
        ("last_event_id" = Option<u64>, Query, description = "The same, for clients that cannot set headers.")
    ),
    responses(
        (status = 200, description = "The stream.", body = String, content_type = "text/event-stream"),
        (status = 204, description = "The task has ended and the client has seen everything."),
        (status = 404, description = "No such task, or not an id.")
    )
)]
pub(crate) async fn task_events(
    access: Access<TasksRead>,
    path: TaskPath,
    closing: web::Data<Closing>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let after = last_seen(&request)?;
    let follow = Follow { task_id: path.id()?, after, frame, not_found: ErrorCode::TaskNotFound };
    stream_events(access.tower(), follow, &closing).await
}

/// What a client follows, and how each event is put to it.
pub(super) struct Follow {
    pub(super) task_id: TaskId,
    /// The last event that the client has seen; 0 if none.
    pub(super) after: u64,
    /// Writes one frame.
    pub(super) frame: fn(&mut String, TaskId, &TaskEventRecord),
    /// What a task that is not there is called.
    pub(super) not_found: ErrorCode,
}

/// Answers with the events of a task as they happen.
pub(super) async fn stream_events(tower: &Tower, follow: Follow, closing: &Closing) -> Result<HttpResponse, Problem> {
    // Subscribed before the first look, so that nothing falls between the two.
    let wake = tower.store().wake();
    let Follow { task_id, after, frame, not_found } = follow;
    let first = match tower.task_events(task_id, after, PAGE).await {
        Err(ReadError::NotFound) => return Err(Problem::plain(not_found)),
        found => found?,
    };
    if first.is_end {
        return Ok(no_content());
    }
    let feed = Feed {
        tower: tower.clone(),
        task_id,
        after,
        frame,
        wake,
        closing: closing.0.clone(),
        looked: Instant::now(),
        first: Some(first),
    };
    Ok(HttpResponse::Ok()
        .content_type("text/event-stream")
        .insert_header((CACHE_CONTROL, HeaderValue::from_static("no-cache")))
        .streaming(feed.into_stream()))
}

/// One client following one task.
struct Feed {
    tower: Tower,
    task_id: TaskId,
    after: u64,
    frame: fn(&mut String, TaskId, &TaskEventRecord),
    wake: Wake,
    closing: watch::Receiver<bool>,
    looked: Instant,
    first: Option<Events>,
}

impl Feed {
    fn into_stream(self) -> impl Stream<Item = Result<Bytes, Infallible>> {
        stream::unfold(Some(self), |feed| async move {
            let mut feed = feed?;
            let (bytes, goes_on) = feed.next().await?;
            Some((Ok(bytes), goes_on.then_some(feed)))
        })
    }

    /// The next piece of the stream, and whether there is more; `None` at its end.
    async fn next(&mut self) -> Option<(Bytes, bool)> {
        let quiet_until = Instant::now() + HEARTBEAT;
        loop {
            let Events { events, is_end } = match self.first.take() {
                Some(first) => first,
                None => match self.look().await {
                    Ok(events) => events,
                    Err(error) => return Some((self.broken(&error), false)),
                },
            };
            if let Some(last) = events.last() {
                self.after = last.seq;
                return Some((self.frames(&events), true));
            }
            if is_end || !self.wait(quiet_until).await {
                return None;
            }
            if Instant::now() >= quiet_until {
                return Some((Bytes::from_static(b": still here\n\n"), true));
            }
        }
    }

    async fn look(&mut self) -> Result<Events, Problem> {
        tokio::time::sleep_until(self.looked + PAUSE).await;
        self.looked = Instant::now();
        Ok(self.tower.task_events(self.task_id, self.after, PAGE).await?)
    }

    fn frames(&self, events: &[TaskEventRecord]) -> Bytes {
        let mut text = String::with_capacity(events.len() * 192);
        for event in events {
            (self.frame)(&mut text, self.task_id, event);
        }
        text.into()
    }

    /// Waits for a hint, for the heartbeat, or for the end of the server; false if that came.
    async fn wait(&mut self, quiet_until: Instant) -> bool {
        let limit = quiet_until.saturating_duration_since(Instant::now()).min(POLL);
        if *self.closing.borrow() {
            return false;
        }
        tokio::select! {
            _ = self.wake.changed(limit) => true,
            closed = self.closing.changed() => closed.is_ok() && !*self.closing.borrow(),
        }
    }

    /// The client comes back by itself and goes on where it was.
    fn broken(&self, problem: &Problem) -> Bytes {
        let cause = problem.cause_chain().unwrap_or_default();
        let task_id = self.task_id.to_string();
        log::warn!(task_id = task_id.as_str(), cause = cause.as_str(); "event stream broken off");
        Bytes::from_static(b": the tower cannot read events now\nretry: 2000\n\n")
    }
}

/// The data of one event.
#[derive(Serialize)]
struct Data<'a> {
    seq: u64,
    at: jct_contract::Timestamp,
    kind: &'static str,
    attempt: Option<u32>,
    body: &'a serde_json::value::RawValue,
}

fn frame(text: &mut String, _: TaskId, event: &TaskEventRecord) {
    let TaskEventRecord { seq, at, kind, attempt, body } = event;
    // Raw line breaks in JSON stand between its tokens, never in them.
    let one_line = body.replace(['\n', '\r'], " ");
    let Ok(body) = raw(&one_line) else { return };
    let data = Data { seq: *seq, at: *at, kind: kind.as_str(), attempt: *attempt, body };
    let data = serde_json::to_string(&data).unwrap_or_default();
    // Writing to a string cannot fail.
    let _ = write!(text, "id: {seq}\nevent: {kind}\ndata: {data}\n\n");
}

/// Where the client left off.
pub(super) fn last_seen(request: &HttpRequest) -> Result<u64, Problem> {
    let mut query = QueryReader::of(request);
    let asked = query.value::<u64>("last_event_id");
    query.finish()?;
    let Some(header) = request.headers().get(LAST_EVENT_ID) else { return Ok(asked.unwrap_or(0)) };
    // The header is what a browser sends when it comes back; the query is what the page asked for at first.
    header.to_str().ok().and_then(|text| text.parse().ok()).ok_or_else(|| {
        let message = "the header is the id of an event, a whole number".to_owned();
        let pointer = "/Last-Event-ID".to_owned();
        let violation = Violation { place: Place::Header, pointer, code: "VALUE_NOT_ALLOWED", message };
        Problem::invalid(ErrorCode::InvalidRequest, vec![violation])
    })
}

#[cfg(test)]
mod tests {
    use jct_contract::Timestamp;
    use jct_store::model::EventKind;

    use super::*;

    #[test]
    fn a_frame_is_one_event_whatever_its_body() {
        let event = TaskEventRecord {
            seq: 7,
            at: Timestamp::from_micros(0),
            kind: EventKind::Log,
            attempt: Some(2),
            body: "{\n\"line\": \"a\\nb\"\r\n}".to_owned(),
        };
        let mut text = String::new();
        frame(&mut text, TaskId::at(Timestamp::from_micros(0)), &event);
        insta::assert_snapshot!(text, @r#"
        id: 7
        event: log
        data: {"seq":7,"at":"1970-01-01T00:00:00.000000Z","kind":"log","attempt":2,"body":{ "line": "a\nb"  }}

        "#);
    }
}
