//! Turns raw output into time-stamped lines for a sink, and stops at a limit.
//!
//! One capture is shared by both streams of all commands of a job: the limit is one for the job, so
//! that neither a second stream nor a second command gets another helping.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use jiff::Timestamp;

/// Output kept for one job, in bytes, unless told otherwise.
pub const DEFAULT_OUTPUT_LIMIT: usize = 10 * 1024 * 1024;

/// What each line counts beside its text, in bytes: about what a log spends on its time stamp and
/// stream name, so that ten million empty lines cannot grow a log far past the limit.
pub const LINE_OVERHEAD: usize = 32;

/// Where a line came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LogStream {
    /// The program's standard output.
    Stdout,
    /// The program's standard error.
    Stderr,
    /// The executor itself.
    System,
}

impl LogStream {
    /// The name in logs: `stdout`, `stderr` or `system`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Stdout => "stdout",
            Self::Stderr => "stderr",
            Self::System => "system",
        }
    }
}

impl fmt::Display for LogStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One line of output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// When it was read, UTC.
    pub at: Timestamp,
    /// Where it came from.
    pub stream: LogStream,
    /// The text without its line ending; invalid UTF-8 and NUL are U+FFFD. At most 64 KiB of the
    /// program's bytes, which replacement can grow to three times that.
    pub text: String,
}

/// Takes lines as they appear. Called from async code: an implementation must not block for long.
pub trait LineSink: Send + Sync {
    /// Takes one line.
    fn line(&self, line: LogLine);
}

/// A line sink with the output limit of one job.
pub struct Capture {
    sink: Arc<dyn LineSink>,
    limit: usize,
    used: AtomicUsize,
    truncated: AtomicBool,
}

impl Capture {
    /// Passes at most `limit` bytes of program output on to `sink`, then one marker line.
    pub fn new(sink: Arc<dyn LineSink>, limit: usize) -> Self {
        Self { sink, limit, used: AtomicUsize::new(0), truncated: AtomicBool::new(false) }
    }

    /// Whether output was left out.
    pub fn is_truncated(&self) -> bool {
        self.truncated.load(Ordering::Relaxed)
    }

    /// Adds a line of the executor's own, outside the limit.
    pub fn system(&self, text: impl Into<String>) {
        self.emit(LogStream::System, text.into());
    }

    /// Adds one line of program output, or leaves it out when the limit is reached.
    pub fn output(&self, stream: LogStream, line: &[u8]) {
        if self.is_truncated() {
            return;
        }
        let cost = line.len() + LINE_OVERHEAD;
        let used = self.used.fetch_add(cost, Ordering::Relaxed);
        if used.saturating_add(cost) <= self.limit {
            self.emit(stream, String::from_utf8_lossy(line).replace('\0', "\u{fffd}"));
        } else if !self.truncated.swap(true, Ordering::Relaxed) {
            self.system(format!("output limit of {} bytes reached, the rest is left out", self.limit));
        }
    }

    fn emit(&self, stream: LogStream, text: String) {
        self.sink.line(LogLine { at: Timestamp::now(), stream, text });
    }
}

impl fmt::Debug for Capture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Capture")
            .field("limit", &self.limit)
            .field("used", &self.used)
            .field("truncated", &self.truncated)
            .finish_non_exhaustive()
    }
}
