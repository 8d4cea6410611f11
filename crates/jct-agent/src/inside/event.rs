//! The lines by which a program of ours that runs inside the sandbox tells the worker what it does.
//!
//! They travel on standard output between the lines of whatever else runs there, so each starts with
//! a word that only the two ends know. That keeps them apart; it makes none of them true: what comes
//! out of a sandbox is a claim, and nothing here decides whether work was done.

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

/// The longest piece of a line that is passed on as one. Below the worker's own limit of a line, so
/// that it is cut here, where the cut can be marked.
pub(crate) const PIECE_BYTES: usize = 48 * 1024;

const EVENT: &str = "jct-event";
const PIECE: &str = "jct-piece";

/// What a program of ours inside the sandbox reports.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Event {
    /// The script is no script. Nothing was done.
    Refused { violations: Vec<String> },
    /// A step begins.
    Step { number: usize, of: usize, what: String },
    /// A step is done.
    Done { number: usize, duration_ms: u64 },
    /// A step failed and ends the script.
    Failed { number: usize, message: String, exit_code: Option<i32> },
    /// What a step says it has used.
    Usage(Figures),
    /// A known question was answered with no.
    Answered { question: String },
    /// The program asks, and nobody will answer.
    NeedsInput { question: String, silent_ms: u64 },
    /// The program has said nothing for too long.
    Stalled { silent_ms: u64 },
    /// The program could not be started.
    NotStarted { message: String },
    /// The program has ended.
    Ended { exit_code: Option<i32>, signal: Option<i32> },
}

/// Figures of use, as a script gives them.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Figures {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) tokens_in: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) tokens_out: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) turns: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) cost_usd: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) model: Option<String>,
}

/// What one line of output is.
#[derive(Debug, PartialEq)]
pub(crate) enum Line<'a> {
    /// From a program of ours.
    Event(Event),
    /// The beginning or the middle of a long line of the program.
    Piece(&'a str),
    /// A line of the program, or the end of a long one.
    Plain(&'a str),
}

/// The word that starts the lines of one run.
#[derive(Clone)]
pub(crate) struct Mark(Zeroizing<String>);

impl Mark {
    /// Takes the word that the worker chose.
    pub(crate) fn new(word: impl Into<String>) -> Self {
        Self(Zeroizing::new(word.into()))
    }

    /// The word itself.
    pub(crate) fn word(&self) -> &str {
        &self.0
    }

    /// An event as a line, with its line ending.
    pub(crate) fn event_line(&self, event: &Event) -> String {
        let text = serde_json::to_string(event).unwrap_or_default();
        format!("{EVENT}:{}:{text}\n", self.word())
    }

    /// The prefix of a piece that is followed by more of its line.
    pub(crate) fn piece_prefix(&self) -> String {
        format!("{PIECE}:{}:", self.word())
    }

    /// Tells what a line is. A line that only looks like one of ours is the program's.
    pub(crate) fn read<'a>(&self, line: &'a str) -> Line<'a> {
        if let Some(rest) = self.after(line, EVENT)
            && let Ok(event) = serde_json::from_str(rest)
        {
            return Line::Event(event);
        }
        self.after(line, PIECE).map_or(Line::Plain(line), Line::Piece)
    }

    fn after<'a>(&self, line: &'a str, kind: &str) -> Option<&'a str> {
        line.strip_prefix(kind)?.strip_prefix(':')?.strip_prefix(self.word())?.strip_prefix(':')
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_come_back_and_others_lines_stay_theirs() {
        let mark = Mark::new("abc");
        let event = Event::Step { number: 1, of: 2, what: "say hello".to_owned() };
        let line = mark.event_line(&event);
        assert_eq!(mark.read(line.trim_end()), Line::Event(event));
        assert_eq!(mark.read(&format!("{}half", mark.piece_prefix())), Line::Piece("half"));
        for other in ["", "hello", "jct-event:xyz:{}", "jct-event:abc:{}", "jct-event:abc:nonsense"] {
            assert_eq!(mark.read(other), Line::Plain(other));
        }
    }
}
