//! What a program of ours printed, kept line by line.

use std::sync::{Mutex, PoisonError};

use jct_exec::{LineSink, LogLine};

/// Keeps every line.
#[derive(Debug, Default)]
pub(super) struct Lines(Mutex<Vec<String>>);

impl Lines {
    /// The lines so far, which are then no longer kept.
    pub(super) fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl LineSink for Lines {
    fn line(&self, line: LogLine) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(line.text);
    }
}
