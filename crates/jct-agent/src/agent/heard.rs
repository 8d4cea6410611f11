//! Hears an agent: the log gets short lines, the trace gets everything, figures are read on the way.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::Path;

use jct_exec::LogStream;

use crate::adapter::{Adapter, OutputReader, Seen};
use crate::inside::Event;
use crate::listen::{Hearer, Log};
use crate::text::one_line;

/// How an agent ended, by its attendant's account.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum AgentEnd {
    NotStarted(String),
    NeedsInput { question: String, silent_ms: u64 },
    Stalled { silent_ms: u64 },
    Ended { exit_code: Option<i32>, signal: Option<i32> },
}

/// Hears one run of an agent.
pub(super) struct Heard {
    reader: OutputReader,
    raw: Raw,
    end: Option<AgentEnd>,
    answered: u64,
}

/// What was heard of one run.
pub(super) struct Account {
    pub(super) seen: Seen,
    pub(super) end: Option<AgentEnd>,
    pub(super) answered: u64,
    pub(super) raw_truncated: bool,
}

impl Heard {
    /// Keeps the raw output in a file of `artifacts`.
    pub(super) fn new(adapter: &Adapter, artifacts: &Path) -> io::Result<Self> {
        let name = if adapter.output().is_json() { "agent-output.jsonl" } else { "agent-output.txt" };
        let file = OpenOptions::new().write(true).create_new(true).open(artifacts.join(name))?;
        let raw = Raw { file: Some(BufWriter::new(file)), left: adapter.output_bytes(), truncated: false };
        Ok(Self { reader: adapter.output().reader(), raw, end: None, answered: 0 })
    }

    /// What was heard. The raw output is on disk afterwards.
    pub(super) fn account(&mut self, adapter: &Adapter) -> io::Result<Account> {
        let reader = std::mem::replace(&mut self.reader, adapter.output().reader());
        self.raw.finish()?;
        Ok(Account {
            seen: reader.finish(),
            end: self.end.take(),
            answered: self.answered,
            raw_truncated: self.raw.truncated,
        })
    }
}

impl Hearer for Heard {
    fn event(&mut self, event: Event, log: &mut Log) {
        let end = match event {
            Event::Answered { question } => {
                self.answered += 1;
                log.system(format!("answered no to: {}", one_line(&question, 300)));
                return;
            }
            Event::NotStarted { message } => AgentEnd::NotStarted(one_line(&message, 300)),
            Event::NeedsInput { question, silent_ms } => {
                AgentEnd::NeedsInput { question: one_line(&question, 300), silent_ms }
            }
            Event::Stalled { silent_ms } => AgentEnd::Stalled { silent_ms },
            Event::Ended { exit_code, signal } => AgentEnd::Ended { exit_code, signal },
            Event::Refused { .. }
            | Event::Step { .. }
            | Event::Done { .. }
            | Event::Failed { .. }
            | Event::Usage(_) => return,
        };
        // The first account is the attendant's; it says no more after it.
        self.end.get_or_insert(end);
    }

    fn line(&mut self, line: &str, log: &mut Log) {
        self.raw.line(line);
        for shown in self.reader.line(line) {
            log.program(LogStream::Stdout, &shown);
        }
    }
}

/// The raw output, up to a limit.
struct Raw {
    file: Option<BufWriter<File>>,
    left: u64,
    truncated: bool,
}

impl Raw {
    fn line(&mut self, line: &str) {
        let length = u64::try_from(line.len()).unwrap_or(u64::MAX).saturating_add(1);
        let Some(left) = self.left.checked_sub(length) else {
            self.truncated = true;
            // Nothing after a gap: a file that goes on behind one would read as if nothing were missing.
            self.left = 0;
            return;
        };
        let Some(file) = &mut self.file else { return };
        match writeln!(file, "{line}") {
            Ok(()) => self.left = left,
            Err(error) => {
                log::warn!(error:% = error; "an agent's output could not be kept");
                self.truncated = true;
                self.left = 0;
            }
        }
    }

    fn finish(&mut self) -> io::Result<()> {
        match self.file.take() {
            Some(mut file) => file.flush(),
            None => Ok(()),
        }
    }
}
