//! Follows the events of one task to its end, however often the connection breaks on the way.

use std::io::BufRead;
use std::thread;
use std::time::Duration;

use jct_lifecycle::TaskStatus;
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
    let mut last: Option<String> = None;
    // Rounds in a row that failed, and that brought nothing new.
    let (mut failed, mut idle) = (0_u32, 0_u32);
    loop {
        let seen = last.clone();
        let streamed = match client.stream(&["tasks", task_id, "events"], last.as_deref()) {
            Ok(mut stream) => read_to_end(&mut stream, &mut last, &mut on_event).map(Some)?,
            Err(failure) => bearable(failure, failed)?,
        };
        // The end of the stream is not the end of the task: only the task's own word is.
        let task = match client.get(&["tasks", task_id]).and_then(|answer| answer.read::<Task>()) {
            Ok(task) => Some(task),
            Err(failure) => bearable(failure, failed)?,
        };
        let nothing_new = last == seen;
        match task {
            Some(task) if task.is_final() && (streamed == Some(true) || nothing_new) => return Ok(task),
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

/// Reads one connection to its end; whether the task's last event was among what came.
fn read_to_end(
    stream: &mut impl BufRead,
    last: &mut Option<String>,
    on_event: &mut impl FnMut(&TaskEvent) -> Result<(), Failure>,
) -> Result<bool, Failure> {
    // A broken connection is the reason to connect again, not a failure.
    while let Ok(Some(event)) = sse::next(stream) {
        if event.id.is_some() {
            last.clone_from(&event.id);
        }
        if let Some(event) = TaskEvent::read(&event) {
            on_event(&event)?;
            if event.ends_the_task() {
                return Ok(true);
            }
        }
    }
    Ok(false)
}
