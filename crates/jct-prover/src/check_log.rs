//! What a check prints: cleaned of secrets, counted, and kept up to a limit.

use std::sync::{Mutex, PoisonError};

use jct_cwom::TestCounts;
use jct_evidence::TestCounter;
use jct_evidence::scan::{LineScanner, Scanner, SecretFinding, SecretPlace};
use jct_exec::{LineSink, LogLine};

/// Takes the lines of one check.
pub(crate) struct CheckLog {
    file: String,
    state: Mutex<State>,
}

struct State {
    text: String,
    lines: LineScanner,
    counter: TestCounter,
    found: Vec<SecretFinding>,
}

/// What came of it.
pub(crate) struct Printed {
    pub(crate) text: String,
    pub(crate) tests: Option<TestCounts>,
    pub(crate) found: Vec<SecretFinding>,
}

impl CheckLog {
    /// `file` is what the findings call it.
    pub(crate) fn new(file: &str, scanner: Scanner) -> Self {
        let state = State {
            text: String::new(),
            lines: LineScanner::new(scanner),
            counter: TestCounter::default(),
            found: Vec::new(),
        };
        Self { file: file.to_owned(), state: Mutex::new(state) }
    }

    /// Ends it.
    pub(crate) fn printed(&self) -> Printed {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let state = &mut *state;
        Printed {
            text: std::mem::take(&mut state.text),
            tests: std::mem::take(&mut state.counter).finish(),
            found: std::mem::take(&mut state.found),
        }
    }
}

impl LineSink for CheckLog {
    fn line(&self, line: LogLine) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let state = &mut *state;
        state.counter.line(&line.text);
        let scanned = state.lines.line(&line.text);
        state.found.extend(scanned.found.iter().map(|found| SecretFinding::new(SecretPlace::Log, &self.file, found)));
        state.text.push_str(&scanned.text);
        state.text.push('\n');
    }
}
