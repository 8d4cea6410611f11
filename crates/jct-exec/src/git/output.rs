//! What git says, with everything taken out that is only the operator's business.

use std::sync::{Mutex, PoisonError};

use tokio_util::sync::CancellationToken;

use super::call::Call;
use crate::process::{LINE_OVERHEAD, LineSink, LogLine, LogStream};

/// Lines of standard error kept for a message.
const STDERR_LINES: usize = 8;
/// Characters kept of each of them.
const STDERR_LINE_LENGTH: usize = 300;

/// What standard output may hold at most.
#[derive(Debug, Clone, Copy)]
pub(super) struct Most {
    pub(super) lines: usize,
    pub(super) bytes: usize,
}

#[derive(Debug, Default)]
pub(super) struct Output {
    stdout: Mutex<Lines>,
    stderr: Mutex<Vec<String>>,
    most: Option<Most>,
    exceeded: CancellationToken,
}

#[derive(Debug, Default)]
struct Lines {
    lines: Vec<String>,
    bytes: usize,
}

impl Output {
    pub(super) fn at_most(most: Most) -> Self {
        Self { most: Some(most), ..Self::default() }
    }

    /// What a capture in front of this must let through, so that this sees what is too much.
    pub(super) fn most_bytes(&self) -> Option<usize> {
        self.most.map(|Most { lines, bytes }| 2 * (bytes + (lines + 1) * LINE_OVERHEAD))
    }

    /// Resolves when there is more than there may be.
    pub(super) async fn exceeded(&self) {
        self.exceeded.cancelled().await;
    }

    pub(super) fn is_exceeded(&self) -> bool {
        self.exceeded.is_cancelled()
    }

    pub(super) fn take_stdout(&self) -> Vec<String> {
        std::mem::take(&mut self.stdout.lock().unwrap_or_else(PoisonError::into_inner).lines)
    }

    /// The last lines, without credentials.
    pub(super) fn stderr_tail(&self) -> String {
        let lines = self.stderr.lock().unwrap_or_else(PoisonError::into_inner);
        let start = lines.len().saturating_sub(STDERR_LINES);
        match lines[start..].join("; ") {
            text if text.is_empty() => "no message".to_owned(),
            text => text,
        }
    }
}

/// Replaces the remote and every folder that the call was given: where they are is nobody's
/// business but the operator's.
pub(super) fn without_places(mut text: String, call: &Call<'_>) -> String {
    if let Some(remote) = call.remote {
        text = text.replace(remote.address(), "<remote>");
    }
    let mut places: Vec<&str> = call
        .arguments
        .iter()
        .filter_map(|argument| argument.to_str())
        .map(|argument| argument.split_once('=').map_or(argument, |(_, value)| value))
        .filter(|place| place.len() > 1 && place.starts_with('/'))
        .collect();
    places.sort_by_key(|place| std::cmp::Reverse(place.len()));
    for place in places {
        text = text.replace(place, "<folder>");
    }
    text
}

impl LineSink for Output {
    fn line(&self, line: LogLine) {
        match line.stream {
            LogStream::Stdout => {
                let mut stdout = self.stdout.lock().unwrap_or_else(PoisonError::into_inner);
                stdout.bytes += line.text.len();
                stdout.lines.push(line.text);
                if self.most.is_some_and(|most| stdout.lines.len() > most.lines || stdout.bytes > most.bytes) {
                    stdout.lines.clear();
                    self.exceeded.cancel();
                }
            }
            LogStream::Stderr => {
                let text = without_user_info(&line.text);
                let mut lines = self.stderr.lock().unwrap_or_else(PoisonError::into_inner);
                if lines.len() >= 4 * STDERR_LINES {
                    lines.drain(..3 * STDERR_LINES);
                }
                lines.push(text.chars().take(STDERR_LINE_LENGTH).collect());
            }
            LogStream::System => {}
        }
    }
}

/// Masks `user:password@` in every url of a message, as a redirecting server could bring one up.
fn without_user_info(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let (before, after) = rest.split_at(at + 3);
        out.push_str(before);
        let end = after.find(|c: char| c == '/' || c == '\'' || c == '"' || c.is_whitespace()).unwrap_or(after.len());
        match after[..end].rfind('@') {
            Some(user_info) => {
                out.push_str("***");
                rest = &after[user_info..];
            }
            None => rest = after,
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expect: &str) {
        assert_eq!(without_user_info(text), expect);
    }

    #[test]
    fn user_info_is_masked() {
        check("plain", "plain");
        check("at https://u:p@h/x and ssh://k@h", "at https://***@h/x and ssh://***@h");
        check("'https://a@b:c@h/'", "'https://***@h/'");
        check("https://h/x@y", "https://h/x@y");
    }
}
