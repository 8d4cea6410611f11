//! The events of a task: state changes and log lines, in one gap-free sequence.

use std::fmt;
use std::str::FromStr;

use jct_contract::Timestamp;

/// What an event tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EventKind {
    /// The task changed its status. Body: `{"status", "reason"?, "error"?, ...}`.
    Status,
    /// A line of output or of the worker. Body: `{"stream", "line"}`.
    Log,
    /// How far the work is. Body: `{"percent"?, "message"?}`.
    Progress,
    /// What the tower or a worker has to say. Body: `{"level": "info" | "warn" | "error", "message", "payload"?}`.
    Message,
    /// A worker handed in a file. Body: `{"artifact_id", "name", "size_bytes", "digest"}`.
    Artifact,
}

impl EventKind {
    /// Every kind.
    pub const ALL: [Self; 5] = [Self::Status, Self::Log, Self::Progress, Self::Message, Self::Artifact];

    /// The name on the wire and in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Status => "status",
            Self::Log => "log",
            Self::Progress => "progress",
            Self::Message => "message",
            Self::Artifact => "artifact",
        }
    }
}

impl fmt::Display for EventKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for EventKind {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text).ok_or(())
    }
}

/// An event as a worker reports it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewEvent {
    /// When it happened.
    pub at: Timestamp,
    /// What it tells; workers report `Log`, `Progress` and `Message`, the store itself writes the others.
    pub kind: EventKind,
    /// A JSON object as text.
    pub body: String,
}

/// A stored event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskEventRecord {
    /// Its number within the task, from 1, without gaps.
    pub seq: u64,
    /// When it happened.
    pub at: Timestamp,
    /// What it tells.
    pub kind: EventKind,
    /// The attempt it belongs to, if any.
    pub attempt: Option<u32>,
    /// A JSON object as text.
    pub body: String,
}
