//! One survey: has the files read in a sandbox and hears what was found.

use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;

use super::inside::{Findings, progress, read};
use crate::executor::{ExecutionIo, ExecutionRequest, FailureReason, Stop};
use crate::process::{Bounds, Capture, CommandSpec, Environment, LineSink, LogLine, LogStream, ProcessEnd, run};
use crate::sandbox::{Builtin, IsolationLevel, Sandbox};
use crate::workspace::Workspace;

/// A report larger than this is none.
const MOST_FINDINGS_BYTES: usize = 64 * 1024 * 1024;

/// What all steps of one survey share.
pub(super) struct Job<'a> {
    pub(super) request: &'a ExecutionRequest,
    pub(super) io: &'a ExecutionIo,
    pub(super) bounds: &'a Bounds,
    pub(super) workspace: &'a Workspace,
    pub(super) sandbox: &'a Sandbox,
    pub(super) capture: &'a Capture,
}

/// Reads all files inside the sandbox.
pub(super) async fn findings(job: &Job<'_>, folder: &Path) -> Result<Findings, Stop> {
    let asked = job.request.inputs.get("isolation").and_then(Value::as_str);
    let minimum = asked.and_then(|level| level.parse().ok()).unwrap_or(IsolationLevel::L0);
    if !job.sandbox.isolates() && minimum == IsolationLevel::L0 {
        return findings_here(job, folder.to_owned()).await;
    }
    let heard = Arc::new(Heard::of(job.io));
    let capture = Capture::new(heard.clone(), MOST_FINDINGS_BYTES);
    let environment = Environment::clean(&job.workspace.home(), &job.workspace.temporary());
    let command = CommandSpec::of_builtin(Builtin::Survey, folder, environment)
        .marked(job.workspace.marker().clone())
        .stdin(folder.as_os_str().as_bytes())
        .confined(job.sandbox.confine().at_least(minimum).readable(folder));
    let outcome = run(&command, job.bounds, &capture).await;
    if let Some(report) = &outcome.isolation {
        job.io.record().note_isolation(report);
    }
    match outcome.end {
        ProcessEnd::Exited { code: 0 } if !capture.is_truncated() => heard.findings(),
        ProcessEnd::Exited { .. } => Err(unreadable(&heard.last_message())),
        end => match Stop::of_command(&end, "the survey") {
            Some(stop) => Err(stop),
            None => Err(unreadable("it ended without a report")),
        },
    }
}

/// Reads all files on a blocking thread, which looks at the bounds before each file.
async fn findings_here(job: &Job<'_>, folder: PathBuf) -> Result<Findings, Stop> {
    let (limits, io) = (job.bounds.clone(), job.io.clone());
    let go_on = move |percent: u8, message: &str| {
        if !message.is_empty() {
            io.progress(Some(percent), message);
        }
        !limits.is_over() && !limits.is_cancelled()
    };
    let read = tokio::task::spawn_blocking(move || read(&folder, go_on)).await;
    if job.bounds.is_cancelled() {
        return Err(Stop::Cancelled);
    }
    if job.bounds.is_over() {
        return Err(Stop::TimedOut);
    }
    read.map_err(io::Error::other).flatten().map_err(|error| unreadable(&error.to_string()))
}

fn unreadable(message: &str) -> Stop {
    Stop::failed(FailureReason::WorkspaceFailed, format!("failed to read the files: {message}"))
}

/// What the inside says.
struct Heard {
    io: ExecutionIo,
    findings: Mutex<String>,
    message: Mutex<String>,
}

impl Heard {
    fn of(io: &ExecutionIo) -> Self {
        Self { io: io.clone(), findings: Mutex::default(), message: Mutex::default() }
    }

    /// The findings are JSON, in which no line break means anything: the pieces of a long line are simply joined.
    fn findings(&self) -> Result<Findings, Stop> {
        let text = self.findings.lock().unwrap_or_else(PoisonError::into_inner);
        serde_json::from_str(&text).map_err(|error| unreadable(&error.to_string()))
    }

    fn last_message(&self) -> String {
        self.message.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl LineSink for Heard {
    fn line(&self, line: LogLine) {
        match line.stream {
            LogStream::Stdout => {
                self.findings.lock().unwrap_or_else(PoisonError::into_inner).push_str(&line.text);
            }
            LogStream::Stderr | LogStream::System => {
                let (percent, message) = progress(&line.text).unwrap_or((0, &line.text));
                if percent > 0 {
                    self.io.progress(Some(percent), message);
                }
                message.clone_into(&mut self.message.lock().unwrap_or_else(PoisonError::into_inner));
            }
        }
    }
}
