//! git inside the sandbox, where the workspace may say whatever it likes. Its answers are claims, not facts.

use std::sync::{Arc, Mutex, PoisonError};

use super::open::Session;
use crate::executor::Stop;
use crate::process::{Capture, CommandSpec, LineSink, LogLine, LogStream, ProcessEnd};

/// Enough for a status that says more than "clean", and for a message.
const KEPT_BYTES: usize = 16 * 1024;
/// Lines of standard error kept for a message.
const STDERR_LINES: usize = 5;
const STDERR_LINE_LENGTH: usize = 300;

/// Spares the work what its own repository's settings would start. They can only ever reach the sandbox.
const OVERRIDES: [(&str, &str); 7] = [
    ("core.hooksPath", "/dev/null"),
    ("core.fsmonitor", "false"),
    ("core.untrackedCache", "false"),
    ("commit.gpgSign", "false"),
    ("gc.auto", "0"),
    ("maintenance.auto", "false"),
    ("status.submoduleSummary", "false"),
];

const NAME: &str = "JCT worker";
const EMAIL: &str = "worker@jct.invalid";

/// How a call ended that was not stopped.
pub(super) struct Answer {
    /// Whether git was content.
    pub(super) good: bool,
    pub(super) stdout: Vec<String>,
    /// The end of what it said on standard error.
    pub(super) stderr: String,
}

impl Session {
    /// Runs git in the checkout, as `action`.
    pub(super) async fn git_inside(&self, action: &'static str, arguments: &[&str]) -> Result<Answer, Stop> {
        let lines = Arc::new(Lines::default());
        let capture = Capture::new(lines.clone(), KEPT_BYTES);
        let mut environment = self
            .environment()
            .clone()
            .with("LC_ALL", "C")
            .with("GIT_CONFIG_NOSYSTEM", "1")
            .with("GIT_CONFIG_GLOBAL", "/dev/null")
            .with("GIT_CEILING_DIRECTORIES", self.workspace.work())
            .with("GIT_TERMINAL_PROMPT", "0")
            .with("GIT_EDITOR", "true")
            .with("GIT_PAGER", "cat");
        for role in ["AUTHOR", "COMMITTER"] {
            environment = environment.with(format!("GIT_{role}_NAME"), NAME).with(format!("GIT_{role}_EMAIL"), EMAIL);
        }
        environment = environment.with("GIT_CONFIG_COUNT", OVERRIDES.len().to_string());
        for (index, (key, value)) in OVERRIDES.iter().enumerate() {
            environment = environment
                .with(format!("GIT_CONFIG_KEY_{index}"), key)
                .with(format!("GIT_CONFIG_VALUE_{index}"), value);
        }
        let checkout = self.checkout();
        let command = CommandSpec::new("git", &checkout, environment)
            .args(arguments)
            .marked(self.workspace.marker().clone())
            .confined(self.confinement());
        let outcome = self.run_into(&command, &capture).await;
        match &outcome.end {
            ProcessEnd::Exited { .. } | ProcessEnd::Signalled { .. } => {}
            // Without a folder there is no repository either; that is the work's own doing.
            ProcessEnd::SpawnFailed(_) if !checkout.is_dir() => {}
            other => return Err(Stop::of_command(other, &format!("git (to {action})")).unwrap_or(Stop::TimedOut)),
        }
        Ok(Answer {
            good: matches!(outcome.end, ProcessEnd::Exited { code: 0 }),
            stdout: lines.take(LogStream::Stdout),
            stderr: self.without_places(&lines.take(LogStream::Stderr)),
        })
    }

    /// Where a workspace lies is nobody's business but the operator's.
    fn without_places(&self, lines: &[String]) -> String {
        let start = lines.len().saturating_sub(STDERR_LINES);
        let cut = |line: &String| line.chars().take(STDERR_LINE_LENGTH).collect::<String>();
        let text = lines[start..].iter().map(cut).collect::<Vec<_>>().join("; ");
        let mut text = text.replace(&*self.workspace.folder().to_string_lossy(), "<workspace>");
        text = text.replace(&*self.snapshot.objects().to_string_lossy(), "<objects>");
        if text.is_empty() { "no message".to_owned() } else { text }
    }
}

#[derive(Debug, Default)]
struct Lines(Mutex<Vec<LogLine>>);

impl Lines {
    fn take(&self, stream: LogStream) -> Vec<String> {
        let lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lines.iter().filter(|line| line.stream == stream).map(|line| line.text.clone()).collect()
    }
}

impl LineSink for Lines {
    fn line(&self, line: LogLine) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(line);
    }
}
