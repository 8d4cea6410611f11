//! What a command prints, on its way to the job's events: collected, and sent in pieces at a steady pace.

use std::convert::Infallible;
use std::mem;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jct_exec::process::LogStream;
use jct_exec::{LineSink, LogLine};

use super::calls::Calls;
use super::job::LeasedJob;

/// Between two looks at what was printed.
const PACE: Duration = Duration::from_secs(1);
/// The longest message that the tower takes, in characters.
const MESSAGE_MAX_CHARS: usize = 4_000;
/// The longest summary, in characters.
const SUMMARY_MAX_CHARS: usize = 500;
/// Pieces that wait at most; a command that prints faster than they can be told loses the rest.
const WAITING_MAX: usize = 256;

/// Takes lines and gives them to the tower.
#[derive(Debug, Default)]
pub(super) struct Printed(Mutex<Collected>);

#[derive(Debug, Default)]
struct Collected {
    pieces: Vec<Piece>,
    dropped: u64,
    last_out: Option<String>,
    last_err: Option<String>,
}

/// Lines of one stream that followed each other.
#[derive(Debug, PartialEq, Eq)]
struct Piece {
    level: &'static str,
    text: String,
    chars: usize,
}

impl LineSink for Printed {
    fn line(&self, line: LogLine) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take(line.stream, &line.text);
    }
}

impl Collected {
    fn take(&mut self, stream: LogStream, text: &str) {
        let level = if stream == LogStream::Stdout { "info" } else { "warn" };
        if !text.trim().is_empty() {
            let last = if stream == LogStream::Stdout { &mut self.last_out } else { &mut self.last_err };
            *last = Some(text.trim().chars().take(SUMMARY_MAX_CHARS).collect());
        }
        let mut rest = text;
        loop {
            let end = rest.char_indices().nth(MESSAGE_MAX_CHARS).map_or(rest.len(), |(end, _)| end);
            let (part, more) = rest.split_at(end);
            self.add(level, part);
            if more.is_empty() {
                return;
            }
            rest = more;
        }
    }

    fn add(&mut self, level: &'static str, line: &str) {
        let (chars, waiting) = (line.chars().count(), self.pieces.len());
        match self.pieces.last_mut() {
            Some(piece) if piece.level == level && piece.chars + 1 + chars <= MESSAGE_MAX_CHARS => {
                piece.text.push('\n');
                piece.text.push_str(line);
                piece.chars += 1 + chars;
            }
            _ if waiting >= WAITING_MAX => self.dropped += 1,
            _ => self.pieces.push(Piece { level, text: line.to_owned(), chars }),
        }
    }
}

impl Printed {
    /// Sends what comes, for as long as it is polled.
    pub(super) async fn tell(&self, calls: &Calls, job: &LeasedJob) -> Infallible {
        loop {
            tokio::time::sleep(PACE).await;
            self.flush(calls, job).await;
        }
    }

    /// Sends everything that has not been sent.
    pub(super) async fn flush(&self, calls: &Calls, job: &LeasedJob) {
        let (pieces, dropped) = {
            let mut collected = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            (mem::take(&mut collected.pieces), mem::take(&mut collected.dropped))
        };
        let lost = (dropped > 0).then(|| format!("{dropped} lines came too fast and are left out"));
        let lost = lost.as_deref().map(|text| ("warn", text));
        let told = pieces.iter().map(|piece| (piece.level, piece.text.as_str())).chain(lost);
        for (level, text) in told.filter(|(_, text)| !text.trim().is_empty()) {
            // A lost lease is the heartbeat's to notice, and events of a tower that is away are not worth waiting for.
            if let Err(failure) = calls.event(job, level, text).await {
                log::debug!(job_id = job.id.as_str(), failure:? = failure; "what a command printed was not taken");
                return;
            }
        }
    }

    /// The last line of standard output that says something.
    pub(super) fn last_out(&self) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).last_out.clone()
    }

    /// The last line of standard error that says something.
    pub(super) fn last_err(&self) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).last_err.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(collected: &Collected) -> Vec<(&str, usize)> {
        collected.pieces.iter().map(|piece| (piece.level, piece.text.chars().count())).collect()
    }

    #[test]
    fn lines_of_one_stream_go_together_up_to_the_longest_message() {
        let mut collected = Collected::default();
        collected.take(LogStream::Stdout, "one");
        collected.take(LogStream::Stdout, "two");
        collected.take(LogStream::Stderr, "three");
        assert_eq!(collected.pieces[0].text, "one\ntwo");
        assert_eq!(texts(&collected), [("info", 7), ("warn", 5)]);
        collected.take(LogStream::Stderr, &"ü".repeat(9_000));
        assert_eq!(texts(&collected)[2..], [("warn", 4_000), ("warn", 4_000), ("warn", 1_000)]);
        assert!(collected.pieces.iter().all(|piece| piece.chars == piece.text.chars().count()));
    }

    #[test]
    fn what_comes_too_fast_is_counted() {
        let mut collected = Collected::default();
        let long = "x".repeat(MESSAGE_MAX_CHARS);
        (0..WAITING_MAX + 7).for_each(|_| collected.take(LogStream::Stdout, &long));
        assert_eq!((collected.pieces.len(), collected.dropped), (WAITING_MAX, 7));
    }

    #[test]
    fn the_summary_is_the_last_line_that_says_something() {
        let printed = Printed::default();
        for text in ["first", " last ", "  "] {
            printed.0.lock().expect("not poisoned").take(LogStream::Stdout, text);
        }
        assert_eq!((printed.last_out().as_deref(), printed.last_err()), (Some("last"), None));
    }
}
