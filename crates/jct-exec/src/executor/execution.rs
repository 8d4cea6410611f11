//! How an attempt ended.

use std::fmt;

use serde_json::Value;

use crate::git::GitError;
use crate::process::ProcessEnd;
use crate::sandbox::Limit;

/// A JSON object.
pub type JsonObject = serde_json::Map<String, Value>;

/// The end of an attempt. `output` is what is known of the work: the result when it completed, what
/// had been reached when it did not.
#[derive(Debug, Clone, PartialEq)]
pub enum Execution {
    /// The work ran and succeeded.
    Completed {
        /// The result.
        output: JsonObject,
    },
    /// The work did not succeed.
    Failed {
        /// Why, for programs.
        reason: FailureReason,
        /// Why, for people: one line, without secrets and without paths of the machine.
        message: String,
        /// What had been reached.
        output: JsonObject,
    },
    /// The time budget ran out and the work was ended.
    TimedOut {
        /// What had been reached.
        output: JsonObject,
    },
    /// Cancellation was asked for and the work was ended.
    Cancelled {
        /// What had been reached.
        output: JsonObject,
    },
}

/// Why an attempt failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FailureReason {
    /// A command ran and exited with a status other than 0.
    CommandFailed {
        /// The exit status, 1..=255.
        exit_code: i32,
    },
    /// A command ran and was ended by a signal that was not ours.
    CommandSignalled {
        /// The signal's number.
        signal: i32,
    },
    /// There is no such program, or it may not be run.
    CommandNotFound,
    /// The system could not start another process.
    CommandNotStarted,
    /// `inputs` does not hold what the executor needs.
    InvalidInput,
    /// No source is configured for the repository, or its name is none.
    RepoNotConfigured,
    /// The repository has no such branch, tag or commit.
    RefNotFound,
    /// The path is no folder of the checkout.
    PathNotFound,
    /// The repository could not be fetched.
    FetchFailed,
    /// Fetching took too long.
    FetchTimedOut,
    /// The checkout could not be written or read.
    CheckoutFailed,
    /// git could not be started.
    GitUnavailable,
    /// The workspace could not be made or read.
    WorkspaceFailed,
    /// An artifact could not be written.
    ArtifactFailed,
    /// What the executor left in its repository is not accepted. The message names the rule.
    HandoverRefused,
    /// A service that the work needs cannot be reached, has no time, or gives answers that make no sense.
    ServiceFailed,
    /// The sandbox could not be made, so nothing ran.
    SandboxFailed,
    /// A command used more than it may and was ended.
    LimitHit {
        /// Of what.
        limit: Limit,
    },
    /// A command waited for an answer that nobody gives, and was ended.
    NeedsInput,
}

impl FailureReason {
    /// Whether the surroundings failed, not the work: another attempt may succeed with the same
    /// task. A command that ran and failed is never of this kind.
    pub fn is_infrastructure(self) -> bool {
        match self {
            Self::CommandNotStarted
            | Self::FetchFailed
            | Self::FetchTimedOut
            | Self::CheckoutFailed
            | Self::GitUnavailable
            | Self::WorkspaceFailed
            | Self::ArtifactFailed
            | Self::ServiceFailed
            | Self::SandboxFailed => true,
            Self::CommandFailed { .. }
            | Self::CommandSignalled { .. }
            | Self::CommandNotFound
            | Self::InvalidInput
            | Self::RepoNotConfigured
            | Self::RefNotFound
            | Self::PathNotFound
            | Self::HandoverRefused
            | Self::LimitHit { .. }
            | Self::NeedsInput => false,
        }
    }
}

/// Ends an executor's run early, before its output so far is added.
#[derive(Debug, Clone, PartialEq)]
pub enum Stop {
    /// The work did not succeed: why, for programs and for people.
    Failed(FailureReason, String),
    /// The time budget ran out.
    TimedOut,
    /// Cancellation was asked for.
    Cancelled,
}

impl Stop {
    /// The work did not succeed. `message` is one line, without secrets and without paths of the machine.
    pub fn failed(reason: FailureReason, message: impl fmt::Display) -> Self {
        Self::Failed(reason, message.to_string())
    }

    /// Whether the work itself came to this end: it was neither stopped from outside nor let down by its surroundings.
    pub fn is_of_the_work(&self) -> bool {
        match self {
            Self::Failed(reason, _) => !reason.is_infrastructure(),
            Self::TimedOut => true,
            Self::Cancelled => false,
        }
    }

    /// The end of the attempt, with what had been reached.
    pub fn with_output(self, output: JsonObject) -> Execution {
        match self {
            Self::Failed(reason, message) => Execution::Failed { reason, message, output },
            Self::TimedOut => Execution::TimedOut { output },
            Self::Cancelled => Execution::Cancelled { output },
        }
    }
}

impl From<GitError> for Stop {
    fn from(error: GitError) -> Self {
        let reason = match &error {
            GitError::TimedOut => return Self::TimedOut,
            GitError::Cancelled => return Self::Cancelled,
            GitError::InvalidRepo { .. } | GitError::RepoNotConfigured { .. } => FailureReason::RepoNotConfigured,
            GitError::InvalidRef(_) | GitError::RefNotFound { .. } => FailureReason::RefNotFound,
            GitError::FetchFailed { .. } => FailureReason::FetchFailed,
            GitError::FetchTimedOut { .. } => FailureReason::FetchTimedOut,
            GitError::Refused(_) => FailureReason::HandoverRefused,
            GitError::InvalidRunKey(_) => FailureReason::WorkspaceFailed,
            GitError::GitFailed { .. } | GitError::Cache { .. } => FailureReason::CheckoutFailed,
            GitError::GitNotStarted(_) => FailureReason::GitUnavailable,
        };
        Self::failed(reason, with_causes(&error))
    }
}

impl Stop {
    /// `None` when the command exited with status 0. `what` names the command for people.
    pub fn of_command(end: &ProcessEnd, what: &str) -> Option<Self> {
        use std::io::ErrorKind;
        let (reason, message) = match end {
            ProcessEnd::Exited { code: 0 } => return None,
            ProcessEnd::TimedOut => return Some(Self::TimedOut),
            ProcessEnd::Cancelled => return Some(Self::Cancelled),
            ProcessEnd::Exited { code } => {
                (FailureReason::CommandFailed { exit_code: *code }, format!("{what} exited with status {code}"))
            }
            ProcessEnd::Signalled { signal } => {
                (FailureReason::CommandSignalled { signal: *signal }, format!("{what} was ended by signal {signal}"))
            }
            ProcessEnd::SandboxFailed { step, message } => {
                (FailureReason::SandboxFailed, format!("the sandbox for {what} could not be made ({step}): {message}"))
            }
            ProcessEnd::LimitHit { limit } => {
                (FailureReason::LimitHit { limit: *limit }, format!("{what} reached its limit of {limit}"))
            }
            ProcessEnd::SpawnFailed(error) => (
                match error.kind() {
                    ErrorKind::NotFound
                    | ErrorKind::PermissionDenied
                    | ErrorKind::NotADirectory
                    | ErrorKind::InvalidInput
                    | ErrorKind::ArgumentListTooLong => FailureReason::CommandNotFound,
                    _ => FailureReason::CommandNotStarted,
                },
                format!("{what} could not be started: {error}"),
            ),
        };
        Some(Self::Failed(reason, message))
    }
}

/// An error and its causes on one line.
pub(crate) fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        next = cause.source();
    }
    text
}
