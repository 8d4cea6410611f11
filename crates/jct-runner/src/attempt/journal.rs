//! What a running attempt says: every line goes into the trace at once, and the first ones into a batch of events.
//!
//! An executor reports lines from wherever it runs and may not be held up, nor may a line get lost because a queue was
//! full. So the sink writes straight to the trace, which only buffers, under a lock that is never held across an await.

use std::mem;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jct_contract::{Clock, SystemClock, Timestamp};
use jct_exec::{LineSink, LogLine, LogStream, ProgressSink};
use jct_store::model::{EventKind, NewEvent};
use jct_trace::TraceWriter;
use serde_json::{Value, json};
use tokio::sync::Notify;
use tokio::time::timeout;

use crate::text::beginning;

/// Lines of one attempt that become events of the task; the trace keeps the rest.
const MAX_LINES: u32 = 2_000;
/// Reports of progress of one attempt that become events of the task.
const MAX_PROGRESS: u32 = 500;
/// Bytes of a line that an event carries; the trace keeps the rest.
const MAX_EVENT_LINE_BYTES: usize = 2_048;
/// A batch of this many events is sent at once.
const FULL_BATCH: usize = 64;
/// A smaller batch is sent after this time.
const FLUSH_AFTER: Duration = Duration::from_millis(200);
const MARKER: &str = "further lines are kept in the trace only";

#[derive(Debug)]
pub(crate) struct Journal {
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Debug)]
struct State {
    /// Gone once the attempt has ended; whatever an executor still says then belongs to nobody.
    writer: Option<TraceWriter>,
    batch: Vec<NewEvent>,
    /// Events of lines so far.
    lines: u32,
    /// Events of progress so far.
    progress: u32,
    /// Nobody takes events any more.
    muted: bool,
}

impl Journal {
    pub(crate) fn new(writer: TraceWriter) -> Self {
        let state = State { writer: Some(writer), batch: Vec::new(), lines: 0, progress: 0, muted: false };
        Self { state: Mutex::new(state), changed: Notify::new() }
    }

    /// A line of the worker's own.
    pub(crate) fn note(&self, text: &str) {
        self.line(SystemClock.now(), jct_trace::LogStream::Worker, text);
    }

    /// Ends the trace. The events so far can still be taken.
    pub(crate) fn close(&self) -> Option<TraceWriter> {
        let writer = self.state().writer.take();
        self.changed.notify_one();
        writer
    }

    /// Throws away the events that wait and all that follow.
    pub(crate) fn mute(&self) {
        let mut state = self.state();
        state.muted = true;
        state.batch = Vec::new();
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.state().writer.is_none()
    }

    /// Waits for events, and a little longer for more of them; `None` when the journal is closed and they are all
    /// taken.
    pub(crate) async fn next_batch(&self) -> Option<Vec<NewEvent>> {
        while self.state().batch.is_empty() {
            if self.is_closed() {
                return None;
            }
            self.changed.notified().await;
        }
        // Whether it became full, was closed, or the time is over: what is there is sent.
        let _ = timeout(FLUSH_AFTER, self.until_full_or_closed()).await;
        Some(mem::take(&mut self.state().batch))
    }

    async fn until_full_or_closed(&self) {
        while !self.is_closed() && self.state().batch.len() < FULL_BATCH {
            self.changed.notified().await;
        }
    }

    fn line(&self, at: Timestamp, stream: jct_trace::LogStream, text: &str) {
        let mut state = self.state();
        let Some(writer) = state.writer.as_mut() else { return };
        writer.log_line(at, stream, text);
        if state.muted || state.lines > MAX_LINES {
            return;
        }
        state.lines += 1;
        let event = if state.lines > MAX_LINES {
            line_event(at, jct_trace::LogStream::Worker, MARKER)
        } else {
            line_event(at, stream, text)
        };
        self.push(&mut state, event);
    }

    /// Wakes the taker when there is something to take, and when there is enough to take it at once.
    fn push(&self, state: &mut State, event: NewEvent) {
        state.batch.push(event);
        if matches!(state.batch.len(), 1 | FULL_BATCH) {
            self.changed.notify_one();
        }
    }

    /// A panic under the lock would be one in the trace writer, whose first failure is reported when it is sealed.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl LineSink for Journal {
    fn line(&self, line: LogLine) {
        let stream = match line.stream {
            LogStream::Stdout => jct_trace::LogStream::Stdout,
            LogStream::Stderr => jct_trace::LogStream::Stderr,
            LogStream::System => jct_trace::LogStream::Worker,
        };
        self.line(Timestamp::from_micros(line.at.as_microsecond()), stream, &line.text);
    }
}

impl ProgressSink for Journal {
    /// Only the latest progress matters: one that still waits to be sent is replaced.
    fn progress(&self, percent: Option<u8>, message: &str) {
        let at = SystemClock.now();
        let body = json!({ "percent": percent.map(|percent| percent.min(100)), "message": shortened(message) });
        let mut state = self.state();
        let Some(writer) = state.writer.as_mut() else { return };
        writer.event(at, "progress", &body);
        if state.muted {
            return;
        }
        let event = NewEvent { at, kind: EventKind::Progress, body: without_nulls(body).to_string() };
        if let Some(last) = state.batch.last_mut().filter(|last| last.kind == EventKind::Progress) {
            *last = event;
        } else if state.progress < MAX_PROGRESS {
            state.progress += 1;
            self.push(&mut state, event);
        }
    }
}

fn line_event(at: Timestamp, stream: jct_trace::LogStream, text: &str) -> NewEvent {
    let line = shortened(text);
    let mut body = json!({ "stream": stream.to_string(), "line": line });
    if line.len() < text.len() {
        body["truncated"] = true.into();
    }
    NewEvent { at, kind: EventKind::Log, body: body.to_string() }
}

fn shortened(text: &str) -> &str {
    beginning(text, MAX_EVENT_LINE_BYTES)
}

fn without_nulls(mut body: Value) -> Value {
    if let Value::Object(members) = &mut body {
        members.retain(|_, value| !value.is_null());
    }
    body
}
