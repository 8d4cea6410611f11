//! What to run: an argument vector, a folder, an environment. Never a shell string.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::environment::Environment;
use super::tree::RunMarker;
use crate::sandbox::{Builtin, Confinement};

/// A program to run.
#[derive(Debug, Clone)]
pub struct CommandSpec {
    program: OsString,
    arguments: Vec<OsString>,
    folder: PathBuf,
    environment: Environment,
    marker: RunMarker,
    stdin: Arc<[u8]>,
    confinement: Option<Confinement>,
    builtin: Option<Builtin>,
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
            stdin: Arc::default(),
            confinement: None,
            builtin: None,
        }
    }

    /// Runs a part of this very binary, which only a sandbox with a launcher can.
    pub(crate) fn of_builtin(builtin: Builtin, folder: impl Into<PathBuf>, environment: Environment) -> Self {
        Self { builtin: Some(builtin), ..Self::new("", folder, environment) }
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

    /// Gives the program these bytes as its standard input, which is empty without.
    #[must_use]
    pub fn stdin(mut self, bytes: impl Into<Arc<[u8]>>) -> Self {
        self.stdin = bytes.into();
        self
    }

    /// Runs the program in a sandbox. Without, it may do whatever the worker may.
    #[must_use]
    pub fn confined(mut self, confinement: Confinement) -> Self {
        self.confinement = Some(confinement);
        self
    }

    pub(crate) fn marker(&self) -> &RunMarker {
        &self.marker
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(crate) fn input(&self) -> &Arc<[u8]> {
        &self.stdin
    }

    pub(crate) fn confinement(&self) -> Option<&Confinement> {
        self.confinement.as_ref()
    }

    pub(crate) fn argv(&self) -> impl Iterator<Item = &OsString> {
        std::iter::once(&self.program).chain(&self.arguments)
    }

    pub(crate) fn builtin(&self) -> Option<Builtin> {
        self.builtin
    }

    pub(crate) fn environment(&self) -> &Environment {
        &self.environment
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
            .stdin(if self.stdin.is_empty() { std::process::Stdio::null() } else { std::process::Stdio::piped() })
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped())
            .process_group(0);
        command
    }
}
