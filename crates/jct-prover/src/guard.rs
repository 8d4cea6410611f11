//! Keeps secrets out of a log while it is written. A log that is cleaned afterwards has been readable before.

use std::sync::{Arc, Mutex, PoisonError};

use jct_evidence::scan::{LineScanner, Scanner, SecretFinding, SecretPlace};
use jct_exec::{LineSink, LogLine};

/// Findings told of one log; a log with more of them is no better known for it.
const MOST_FINDINGS: usize = 1_000;

/// Passes lines on to another sink, with a marker where a secret was. Give it to the executor in that sink's place, and
/// its findings to the prover.
pub struct LogGuard {
    inner: Arc<dyn LineSink>,
    file: String,
    state: Mutex<State>,
}

struct State {
    lines: LineScanner,
    found: Vec<SecretFinding>,
}

impl LogGuard {
    /// Guards `inner`. `file` is what the findings call the log.
    #[must_use]
    pub fn new(inner: Arc<dyn LineSink>, scanner: Scanner, file: &str) -> Self {
        let state = State { lines: LineScanner::new(scanner), found: Vec::new() };
        Self { inner, file: file.to_owned(), state: Mutex::new(state) }
    }

    /// What was found so far. The line numbers count the lines that were passed on.
    #[must_use]
    pub fn findings(&self) -> Vec<SecretFinding> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).found.clone()
    }
}

impl LineSink for LogGuard {
    fn line(&self, line: LogLine) {
        let text = {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            let scanned = state.lines.line(&line.text);
            let found: Vec<_> =
                scanned.found.iter().map(|found| SecretFinding::new(SecretPlace::Log, &self.file, found)).collect();
            let text = (scanned.text != line.text).then(|| scanned.text.into_owned());
            let room = MOST_FINDINGS.saturating_sub(state.found.len());
            state.found.extend(found.into_iter().take(room));
            text
        };
        self.inner.line(match text {
            Some(text) => LogLine { text, ..line },
            None => line,
        });
    }
}

impl std::fmt::Debug for LogGuard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LogGuard").field("file", &self.file).finish_non_exhaustive()
    }
}
