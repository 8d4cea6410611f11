//! The events of a running task: a bar below a live log on a terminal, plain lines elsewhere, JSON lines for scripts.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use super::stream::Output;
use super::text::{one_line, printable};
use crate::client::TaskEvent;
use crate::client::wire::Task;
use crate::failure::Failure;

/// Shows events one after the other.
#[derive(Debug)]
pub(crate) struct Progress {
    output: Output,
    bar: Option<ProgressBar>,
}

impl Progress {
    pub(crate) fn new(output: Output) -> Self {
        let bar = output.is_live().then(|| {
            let bar = ProgressBar::new(100).with_style(style(output, false)).with_message("waiting");
            bar.enable_steady_tick(Duration::from_millis(120));
            bar
        });
        Self { output, bar }
    }

    /// Shows one event.
    pub(crate) fn event(&mut self, event: &TaskEvent) -> Result<(), Failure> {
        if self.output.is_json() {
            return self.output.record(event.data());
        }
        match event.kind() {
            "log" => self.log(event),
            "progress" => self.step(event),
            "status" => self.status(event),
            _ => Ok(()),
        }
    }

    fn log(&self, event: &TaskEvent) -> Result<(), Failure> {
        let line = event.text("line").unwrap_or_default();
        match event.text("stream") {
            Some("stderr") => self.line(&format!("! {line}")),
            _ => self.line(&format!("| {line}")),
        }
    }

    fn step(&self, event: &TaskEvent) -> Result<(), Failure> {
        let (percent, message) = (event.number("percent"), event.text("message").unwrap_or_default());
        match (&self.bar, percent) {
            (Some(bar), Some(percent)) => {
                bar.set_style(style(self.output, true));
                bar.set_position(percent.min(100));
                bar.set_message(one_line(message, 60));
                Ok(())
            }
            (Some(bar), None) => {
                bar.set_message(one_line(message, 60));
                Ok(())
            }
            (None, Some(percent)) => self.line(&format!("{percent:>3}% {message}")),
            (None, None) => self.line(&format!("     {message}")),
        }
    }

    fn status(&self, event: &TaskEvent) -> Result<(), Failure> {
        let status = event.text("status").unwrap_or("?");
        let why = ["reason", "error"].into_iter().filter_map(|name| event.text(name)).collect::<Vec<_>>().join(": ");
        if let Some(bar) = &self.bar {
            bar.set_message(status.to_owned());
        }
        if why.is_empty() { self.line(&format!("* {status}")) } else { self.line(&format!("* {status} ({why})")) }
    }

    fn line(&self, text: &str) -> Result<(), Failure> {
        match &self.bar {
            Some(bar) => bar.suspend(|| self.output.line(text)),
            None => self.output.line(text),
        }
    }

    /// Says how it ended.
    pub(crate) fn finish(self, task: &Task) -> Result<(), Failure> {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        if self.output.is_json() {
            return Ok(());
        }
        let trace = task.trace_path.as_ref().map(|path| format!(", trace {path}")).unwrap_or_default();
        self.output.line(printable(&format!("task {} {}{trace}", task.task_id, task.status)))
    }
}

fn style(output: Output, known: bool) -> ProgressStyle {
    let (spinner, bar) =
        if output.is_coloured() { ("{spinner:.cyan}", "{bar:30.cyan/dim}") } else { ("{spinner}", "{bar:30}") };
    let template = if known {
        format!("{spinner} {bar} {{pos:>3}}% {{msg}} {{elapsed}}")
    } else {
        format!("{spinner} {{msg}} {{elapsed}}")
    };
    ProgressStyle::with_template(&template).unwrap_or_else(|_| ProgressStyle::default_spinner())
}
