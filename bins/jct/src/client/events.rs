//! Follows the events of one task or job to its end, however often the connection breaks on the way.

use std::io::BufRead;
use std::thread;
use std::time::Duration;

use jct_lifecycle::{JobStatus, TaskStatus};
use serde_json::Value;

use super::http::Client;
use super::sse::{self, ServerEvent};
use super::wire::Task;
use crate::exit::Exit;
use crate::failure::Failure;

/// Failed connections in a row after which the tower counts as gone.
const PATIENCE: u32 = 8;
const FIRST_WAIT: Duration = Duration::from_millis(250);
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// One event of a task.
#[derive(Clone, Debug)]
pub(crate) struct TaskEvent {
    kind: String,
    data: Value,
}

impl TaskEvent {
    fn read(event: &ServerEvent) -> Option<Self> {
        Some(Self { kind: event.event.clone(), data: serde_json::from_str(&event.data).ok()? })
    }

    /// `status`, `log`, `progress`, or something newer than this client.
    pub(crate) fn kind(&self) -> &str {
        &self.kind
    }

    /// The event as the tower sent it.
    pub(crate) const fn data(&self) -> &Value {
        &self.data
    }

    /// A text of the event's body.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.data.get("body")?.get(name)?.as_str()
    }

    /// A whole number of the event's body.
    pub(crate) fn number(&self, name: &str) -> Option<u64> {
        self.data.get("body")?.get(name)?.as_u64()
    }

    fn ends_the_task(&self) -> bool {
        let status = self.text("status").and_then(|status| status.parse::<TaskStatus>().ok());
        self.kind == "status" && status.is_some_and(TaskStatus::is_final)
    }
}

/// Shows every event of the task to `on_event`, in order and each once, and returns the task when it has ended.
pub(crate) fn follow(
    client: &Client,
    task_id: &str,
    mut on_event: impl FnMut(&TaskEvent) -> Result<(), Failure>,
) -> Result<Task, Failure> {
    let shown = |event: &ServerEvent| match TaskEvent::read(event) {
        Some(event) => on_event(&event).map(|()| event.ends_the_task()),
        None => Ok(false),
    };
    let look = || {
        let task: Task = client.get(&["tasks", task_id])?.read()?;
        Ok((task.is_final(), task))
    };
    follow_stream(client, &["tasks", task_id, "events"], shown, look)
}

/// Shows every event of the job to `on_event`, as the tower sent it, in order and each once, and returns the job when
/// it has ended.
pub(crate) fn follow_job(
    client: &Client,
    job_id: &str,
    mut on_event: impl FnMut(&Value) -> Result<(), Failure>,
) -> Result<Value, Failure> {
    let path = ["api", "queue", "jobs", job_id];
    let shown = |event: &ServerEvent| match serde_json::from_str(&event.data) {
        Ok(event) => on_event(&event).map(|()| false),
        Err(_) => Ok(false),
    };
    let look = || {
        let job = client.get(&path)?.json()?;
        let status = job.get("status").and_then(Value::as_str).and_then(|status| status.parse::<JobStatus>().ok());
        Ok((status.is_some_and(JobStatus::is_final), job))
    };
    follow_stream(client, &[&path[..], &["events", "stream"]].concat(), shown, look)
}

/// Reads a stream of events, connecting again as often as needed. `on_event` says whether an event is the last one;
/// `look` gives what the events are about, and whether it has ended.
fn follow_stream<T>(
    client: &Client,
    path: &[&str],
    mut on_event: impl FnMut(&ServerEvent) -> Result<bool, Failure>,
    look: impl Fn() -> Result<(bool, T), Failure>,
) -> Result<T, Failure> {
    let mut last: Option<String> = None;
    // Rounds in a row that failed, and that brought nothing new.
    let (mut failed, mut idle) = (0_u32, 0_u32);
    loop {
        let seen = last.clone();
        let streamed = match client.stream(path, last.as_deref()) {
            Ok(mut stream) => read_to_end(&mut stream, &mut last, &mut on_event).map(Some)?,
            Err(failure) => bearable(failure, failed)?,
        };
        // The end of the stream is not the end of what it is about: only the tower's own word is.
        let looked = match look() {
            Ok(looked) => Some(looked),
            Err(failure) => bearable(failure, failed)?,
        };
        let nothing_new = last == seen;
        match looked {
            Some((true, ended)) if streamed == Some(true) || nothing_new => return Ok(ended),
            Some(_) => failed = 0,
            None => failed += 1,
        }
        idle = if nothing_new { idle + 1 } else { 0 };
        thread::sleep((FIRST_WAIT * (1 << idle.min(8))).min(LONGEST_WAIT));
    }
}

/// Passes over a failure that may be gone in a moment, such as a tower that restarts.
fn bearable<T>(failure: Failure, failed: u32) -> Result<Option<T>, Failure> {
    if failure.exit() == Exit::Unavailable && failed < PATIENCE { Ok(None) } else { Err(failure) }
}

/// Reads one connection to its end; whether the last event of all was among what came.
fn read_to_end(
    stream: &mut impl BufRead,
    last: &mut Option<String>,
    on_event: &mut impl FnMut(&ServerEvent) -> Result<bool, Failure>,
) -> Result<bool, Failure> {
    // A broken connection is the reason to connect again, not a failure.
    while let Ok(Some(event)) = sse::next(stream) {
        if event.id.is_some() {
            last.clone_from(&event.id);
        }
        if on_event(&event)? {
            return Ok(true);
        }
    }
    Ok(false)
}
