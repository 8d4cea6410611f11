//! Writing the trace of a running attempt. Everything is buffered, so that a log line costs no system call.

use std::fmt;
use std::io::{self, Write};
use std::path::PathBuf;

use jct_contract::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

use crate::directory::Directory;
use crate::hashed_file::{HashedFile, write_file};
use crate::layout::{ARTIFACTS_DIR, EVENTS_FILE, INPUT_FILE, LOG_FILE, UNSEALED_DIR};
use crate::limits::{EVENTS_MAX_BYTES, LOG_MAX_BYTES};
use crate::remove::remove;
use crate::{AttemptIdentity, Dropped, FileEntry, Outcome, Output, TraceRoot, UnsealedTrace};

/// Where a log line comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogStream {
    /// Standard output of the work.
    Stdout,
    /// Standard error of the work.
    Stderr,
    /// The worker itself.
    Worker,
}

impl fmt::Display for LogStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Stdout => "stdout",
            Self::Stderr => "stderr",
            Self::Worker => "worker",
        })
    }
}

/// The trace of a running attempt, in a folder that does not count yet.
///
/// The first failure to write is kept and reported when the trace is sealed, so that the work is not disturbed by it.
#[derive(Debug)]
pub struct TraceWriter {
    pub(crate) root: TraceRoot,
    pub(crate) folder: Directory,
    pub(crate) identity: AttemptIdentity,
    pub(crate) input: FileEntry,
    pub(crate) log: HashedFile,
    pub(crate) events: HashedFile,
    pub(crate) dropped: Dropped,
    pub(crate) failure: Option<io::Error>,
    next_seq: u64,
}

#[derive(Serialize)]
struct Event<'a> {
    seq: u64,
    time: Timestamp,
    trace_id: &'a str,
    kind: &'a str,
    data: &'a Value,
}

impl TraceWriter {
    pub(crate) fn begin(
        root: TraceRoot,
        folder: Directory,
        identity: AttemptIdentity,
        input: &Value,
    ) -> io::Result<Self> {
        let AttemptIdentity { task_id, attempt, ref trace_id, .. } = identity;
        folder.new_folder(ARTIFACTS_DIR)?;
        let input = json!({ "task_id": task_id, "attempt": attempt, "trace_id": trace_id, "task": input });
        let input = write_file(&folder, INPUT_FILE, &pretty(&input)?)?;
        let mut writer = Self {
            root,
            folder,
            input,
            log: HashedFile::new(LOG_FILE, LOG_MAX_BYTES),
            events: HashedFile::new(EVENTS_FILE, EVENTS_MAX_BYTES),
            dropped: Dropped::default(),
            failure: None,
            next_seq: 1,
            identity,
        };
        let AttemptIdentity { task_id, attempt, fence, trace_id, worker, started_at, .. } = &writer.identity;
        let line = format!("task {task_id} attempt {attempt} trace {trace_id}");
        let data = json!({
            "task_id": task_id, "attempt": attempt, "worker": worker,
            "fence": { "epoch": fence.epoch, "generation": fence.generation },
        });
        let at = *started_at;
        writer.log_line(at, LogStream::Worker, &line);
        writer.event(at, "attempt_started", &data);
        Ok(writer)
    }

    /// Adds to `log.txt`: one line, or as many as `text` has. Beyond 10 MiB lines are counted and not kept.
    pub fn log_line(&mut self, at: Timestamp, stream: LogStream, text: &str) {
        let text = text.strip_suffix('\n').unwrap_or(text);
        for line in text.split('\n') {
            let line = line.strip_suffix('\r').unwrap_or(line);
            // Once a line was dropped all later ones are: a log with holes would mislead.
            if self.dropped.log_lines > 0 || !self.log.has_room(line.len() + LINE_HEAD_BYTES) {
                self.dropped.log_lines += 1;
            } else {
                self.push_line(at, stream, line);
            }
        }
    }

    /// Adds to `events.jsonl`. Beyond 10 MiB events are counted and not kept.
    pub fn event(&mut self, at: Timestamp, kind: &str, data: &Value) {
        if let Some(line) = self.event_line(at, kind, data) {
            if self.dropped.events > 0 || !self.events.has_room(line.len()) {
                self.dropped.events += 1;
            } else {
                self.push_event(&line);
            }
        }
    }

    /// Adds the last event and, if lines are missing, the last line of the log; both are kept however full the files.
    pub(crate) fn close(&mut self, at: Timestamp, outcome: Outcome) {
        if let Some(line) = self.event_line(at, "attempt_finished", &json!({ "outcome": outcome })) {
            self.push_event(&line);
        }
        if self.dropped.log_lines > 0 {
            let marker = format!("log full: {} lines not kept", self.dropped.log_lines);
            self.push_line(at, LogStream::Worker, &marker);
        }
    }

    fn push_line(&mut self, at: Timestamp, stream: LogStream, line: &str) {
        // Writing to a vector cannot fail.
        let _ = writeln!(self.log.buffer(), "{at} {stream} {line}");
        let written = self.log.written(&self.folder);
        self.note(written);
    }

    fn event_line(&mut self, time: Timestamp, kind: &str, data: &Value) -> Option<Vec<u8>> {
        let event = Event { seq: self.next_seq, time, trace_id: self.identity.trace_id.as_str(), kind, data };
        self.next_seq += 1;
        match serde_json::to_vec(&event) {
            Ok(mut line) => {
                line.push(b'\n');
                Some(line)
            }
            Err(error) => {
                self.note(Err(error.into()));
                None
            }
        }
    }

    fn push_event(&mut self, line: &[u8]) {
        self.events.buffer().extend_from_slice(line);
        let written = self.events.written(&self.folder);
        self.note(written);
    }

    /// Where the executor may leave files, absolute. Nothing that is no regular file will be kept.
    #[must_use]
    pub fn artifacts_dir(&self) -> PathBuf {
        let name = self.identity.temporary_folder().to_string();
        self.root.path().join(UNSEALED_DIR).join(name).join(ARTIFACTS_DIR)
    }

    /// Ends the attempt. Touches no file: that is left to the sealing.
    #[must_use]
    pub const fn finish(self, output: Output, finished_at: Timestamp) -> UnsealedTrace {
        UnsealedTrace::new(self, output, finished_at)
    }

    /// Removes the folder, for an attempt that nobody will ask for.
    ///
    /// # Errors
    /// The folder cannot be removed; the sweep will find it.
    pub fn abandon(self) -> io::Result<()> {
        let name = self.identity.temporary_folder().to_string();
        remove(&self.root.shared().unsealed, name.as_ref())
    }

    fn note(&mut self, result: io::Result<()>) {
        if let Err(error) = result
            && self.failure.is_none()
        {
            self.failure = Some(error);
        }
    }
}

/// What a log line has besides its text: time, stream, two spaces and the newline.
const LINE_HEAD_BYTES: usize = 36;

pub(crate) fn pretty(value: &impl Serialize) -> io::Result<Vec<u8>> {
    let mut bytes = serde_json::to_vec_pretty(value)?;
    bytes.push(b'\n');
    Ok(bytes)
}
