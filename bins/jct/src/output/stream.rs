//! Standard output and standard error, and which of them may be decorated.

use std::io::{self, IsTerminal as _, Write as _};

use serde::Serialize;

use super::patch;
use super::table::{self, Column};
use super::text::printable;
use crate::exit::Exit;
use crate::failure::Failure;

/// Where results go: to people or, under `--json`, to scripts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Output {
    json: bool,
    terminal: bool,
    colour: bool,
}

impl Output {
    /// Looks at standard output and at `NO_COLOR` (any value that is not empty turns colours off).
    pub(crate) fn detect(json: bool) -> Self {
        let terminal = io::stdout().is_terminal();
        let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self { json, terminal, colour: terminal && !no_color }
    }

    /// Whether the reader is a script.
    pub(crate) const fn is_json(&self) -> bool {
        self.json
    }

    /// Whether standard output is a terminal and the reader a person.
    pub(crate) const fn is_live(&self) -> bool {
        self.terminal && !self.json
    }

    /// Whether colours may be used.
    pub(crate) const fn is_coloured(&self) -> bool {
        self.colour
    }

    /// One line of text, made printable.
    pub(crate) fn line(&self, text: impl AsRef<str>) -> Result<(), Failure> {
        let mut out = io::stdout().lock();
        writeln!(out, "{}", printable(text.as_ref()))?;
        Ok(out.flush()?)
    }

    /// Text that is ours, with its line breaks.
    pub(crate) fn block(&self, text: &str) -> Result<(), Failure> {
        let mut out = io::stdout().lock();
        writeln!(out, "{}", text.trim_end_matches('\n'))?;
        Ok(out.flush()?)
    }

    /// Bytes as they are: what the user asked to have, such as a file of a trace.
    pub(crate) fn copy(&self, mut from: impl io::Read) -> Result<(), Failure> {
        let mut out = io::stdout().lock();
        io::copy(&mut from, &mut out)?;
        Ok(out.flush()?)
    }

    /// A patch: fit for reading on a terminal, exactly as it is elsewhere.
    pub(crate) fn patch(&self, patch: &[u8]) -> Result<(), Failure> {
        if self.terminal { self.block(&patch::render(patch, self.colour)) } else { self.copy(patch) }
    }

    /// One JSON document: indented on a terminal, one line elsewhere.
    pub(crate) fn document(&self, value: &impl Serialize) -> Result<(), Failure> {
        self.write_json(value, self.terminal)
    }

    /// One JSON object of a stream: always one line.
    pub(crate) fn record(&self, value: &impl Serialize) -> Result<(), Failure> {
        self.write_json(value, false)
    }

    fn write_json(&self, value: &impl Serialize, indented: bool) -> Result<(), Failure> {
        let mut out = io::stdout().lock();
        let written = if indented {
            serde_json::to_writer_pretty(&mut out, value)
        } else {
            serde_json::to_writer(&mut out, value)
        };
        written.map_err(io::Error::from)?;
        writeln!(out)?;
        Ok(out.flush()?)
    }

    /// A table.
    pub(crate) fn table(&self, columns: &[Column], rows: &[Vec<String>]) -> Result<(), Failure> {
        self.block(&table::render(columns, rows, self.terminal, self.colour))
    }

    /// Names and values below each other; entries without a value are left out.
    pub(crate) fn fields(&self, fields: &[(&str, Option<String>)]) -> Result<(), Failure> {
        let shown = || fields.iter().filter_map(|(name, value)| value.as_ref().map(|value| (name, value)));
        let width = shown().map(|(name, _)| name.len()).max().unwrap_or(0);
        shown().try_for_each(|(name, value)| self.line(format!("{name:width$}  {value}")))
    }

    /// A remark that is no result, for people only. That it cannot be written is no reason to fail.
    pub(crate) fn note(&self, text: impl AsRef<str>) {
        if !self.json {
            let _ = writeln!(io::stderr().lock(), "{}", printable(text.as_ref()));
        }
    }

    /// Reports a failure on standard error and says with which code to end.
    pub(crate) fn failure(&self, failure: &Failure) -> Exit {
        if let Failure::Told(report) = failure {
            let text = if self.json { report.to_json().to_string() } else { report.to_string() };
            let lines: Vec<String> = text.lines().map(printable).collect();
            // With standard error gone, the exit code still tells.
            let _ = writeln!(io::stderr().lock(), "{}", lines.join("\n"));
        }
        failure.exit()
    }
}
