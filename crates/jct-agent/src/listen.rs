//! Hears what runs inside the sandbox: tells events from output, puts long lines together, keeps to
//! the limits of the log.

use std::sync::{Mutex, MutexGuard, PoisonError};

use jct_exec::process::Capture;
use jct_exec::{LineSink, LogLine, LogStream};

use crate::inside::{Event, Line, Mark};

/// A longer line is left out.
const MOST_LINE_BYTES: usize = 4 * 1024 * 1024;
/// Events of one run. A script has fewer; more is noise.
const MOST_EVENTS: usize = 10_000;

/// What an executor does with what is heard.
pub(crate) trait Hearer: Send {
    /// An event of a program of ours.
    fn event(&mut self, event: Event, log: &mut Log);
    /// A whole line of the program's standard output.
    fn line(&mut self, line: &str, log: &mut Log);
}

/// The log of the attempt: what the program says is told from what the worker says, and has a limit.
pub(crate) struct Log {
    capture: Capture,
}

impl Log {
    /// A line of our own.
    pub(crate) fn system(&self, text: impl Into<String>) {
        self.capture.system(text);
    }

    /// A line of the program's, or nothing past the limit.
    pub(crate) fn program(&mut self, stream: LogStream, text: &str) {
        self.capture.output(stream, text.as_bytes());
    }

    /// Whether output was left out.
    pub(crate) fn is_truncated(&self) -> bool {
        self.capture.is_truncated()
    }
}

/// A line sink for one run.
pub(crate) struct Listener<H> {
    mark: Mark,
    state: Mutex<State<H>>,
}

struct State<H> {
    hearer: H,
    log: Log,
    long: String,
    too_long: bool,
    events: usize,
}

impl<H: Hearer> Listener<H> {
    /// Hears lines that `mark` tells apart, and writes to `capture`.
    pub(crate) fn new(mark: Mark, capture: Capture, hearer: H) -> Self {
        let log = Log { capture };
        let state = State { hearer, log, long: String::new(), too_long: false, events: 0 };
        Self { mark, state: Mutex::new(state) }
    }

    /// Looks at what was heard.
    pub(crate) fn with<T>(&self, look: impl FnOnce(&mut H, &mut Log) -> T) -> T {
        let mut state = self.state();
        let State { hearer, log, .. } = &mut *state;
        look(hearer, log)
    }

    fn state(&self) -> MutexGuard<'_, State<H>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<H: Hearer> LineSink for Listener<H> {
    fn line(&self, line: LogLine) {
        let mut state = self.state();
        match line.stream {
            LogStream::Stdout => state.stdout(self.mark.read(&line.text)),
            LogStream::Stderr => state.log.program(LogStream::Stderr, &line.text),
            LogStream::System => state.log.system(line.text),
        }
    }
}

impl<H: Hearer> State<H> {
    fn stdout(&mut self, line: Line<'_>) {
        match line {
            Line::Event(event) => {
                self.events += 1;
                if self.events <= MOST_EVENTS {
                    self.hearer.event(event, &mut self.log);
                }
            }
            Line::Piece(piece) => {
                self.too_long |= self.long.len() + piece.len() > MOST_LINE_BYTES;
                if self.too_long {
                    self.long.clear();
                } else {
                    self.long.push_str(piece);
                }
            }
            Line::Plain(_) if self.too_long => {
                self.too_long = false;
                self.log.system(format!("a line of more than {MOST_LINE_BYTES} bytes is left out"));
            }
            Line::Plain(text) if self.long.is_empty() => self.hearer.line(text, &mut self.log),
            Line::Plain(text) => {
                let mut whole = std::mem::take(&mut self.long);
                whole.push_str(text);
                self.hearer.line(&whole, &mut self.log);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[derive(Default)]
    struct Heard(Vec<String>);

    impl Hearer for Heard {
        fn event(&mut self, event: Event, _: &mut Log) {
            self.0.push(format!("{event:?}"));
        }

        fn line(&mut self, line: &str, log: &mut Log) {
            log.program(LogStream::Stdout, line);
            self.0.push(line.to_owned());
        }
    }

    struct Count(Mutex<usize>);

    impl LineSink for Count {
        fn line(&self, _: LogLine) {
            *self.0.lock().unwrap() += 1;
        }
    }

    #[test]
    fn pieces_become_lines_and_the_log_has_an_end() {
        let count = Arc::new(Count(Mutex::new(0)));
        let mark = Mark::new("w");
        let listener = Listener::new(mark.clone(), Capture::new(count.clone(), 1_000), Heard::default());
        let say = |text: &str| {
            let line = LogLine {
                at: "2026-01-01T00:00:00Z".parse().unwrap(),
                stream: LogStream::Stdout,
                text: text.to_owned(),
            };
            listener.line(line);
        };
        say("one");
        say(&format!("{}half ", mark.piece_prefix()));
        say("whole");
        say(mark.event_line(&Event::Stalled { silent_ms: 1 }).trim_end());
        listener.with(|heard, _| assert_eq!(heard.0, ["one", "half whole", "Stalled { silent_ms: 1 }"]));
        let large = "x".repeat(500);
        (0..5).for_each(|_| say(&large));
        // Two lines, one large one, and the marker.
        assert_eq!(*count.0.lock().unwrap(), 4);
        assert!(listener.with(|_, log| log.is_truncated()));
        let piece = format!("{}{}", mark.piece_prefix(), "y".repeat(MOST_LINE_BYTES / 2));
        (0..3).for_each(|_| say(&piece));
        say("end of a line that is too long");
        say("next");
        listener.with(|heard, _| assert_eq!(heard.0.last().unwrap(), "next"));
    }
}
