//! What to run: an argument vector, a folder, an environment. Never a shell string.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use super::environment::Environment;
use super::tree::RunMarker;

/// A program to run.
#[derive(Debug, Clone)]
pub struct CommandSpec {
    program: OsString,
    arguments: Vec<OsString>,
    folder: PathBuf,
    environment: Environment,
    marker: RunMarker,
}

impl CommandSpec {
    /// Runs `program` in `folder`. A name without a slash is looked up in the environment's `PATH`,
    /// a relative path starts at `folder`.
    pub fn new(program: impl AsRef<OsStr>, folder: impl Into<PathBuf>, environment: Environment) -> Self {
        Self {
            program: program.as_ref().to_owned(),
            arguments: Vec::new(),
            folder: folder.into(),
            environment,
            marker: RunMarker::random(),
        }
    }

    /// Appends arguments; each is passed as it is.
    #[must_use]
    pub fn args<S: AsRef<OsStr>>(mut self, arguments: impl IntoIterator<Item = S>) -> Self {
        self.arguments.extend(arguments.into_iter().map(|a| a.as_ref().to_owned()));
        self
    }

    /// Marks the process tree as part of a wider run instead of a run of its own.
    #[must_use]
    pub fn marked(mut self, marker: RunMarker) -> Self {
        self.marker = marker;
        self
    }

    pub(crate) fn marker(&self) -> &RunMarker {
        &self.marker
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The command with nothing inherited and a process group of its own.
    pub(crate) fn to_command(&self) -> tokio::process::Command {
        let mut command = tokio::process::Command::new(&self.program);
        command
            .args(&self.arguments)
            .current_dir(&self.folder)
            .env_clear()
            .envs(self.environment.iter())
            .env(RunMarker::VARIABLE, self.marker.as_str())
            .stdin(std::process::Stdio::null())
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped())
            .process_group(0)
            .kill_on_drop(true);
        command
    }
}
