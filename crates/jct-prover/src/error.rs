//! Why there is no proof. That is never a verdict: what could not be looked at is neither right nor wrong.

use std::io;

use jct_exec::process::ProcessEnd;
use jct_exec::sandbox::SandboxStep;
use jct_exec::{FailureReason, GitError, Stop, WorkspaceError};

/// The prover could not work.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProofError {
    /// The attempt was cancelled, or its lease is gone.
    #[error("the proof was cancelled")]
    Cancelled,
    /// git could not show what was handed over.
    #[error("failed to read what was handed over")]
    Git(#[source] GitError),
    /// The repository cache does not have what was handed over.
    #[error("the repository cache does not have the commit that was handed over")]
    NotReceived,
    /// The commits could not be listed.
    #[error("failed to list the commits that were handed over")]
    History,
    /// There is no room for a fresh checkout.
    #[error("failed to make a workspace for the proof")]
    Workspace(#[source] WorkspaceError),
    /// The artifacts could not be read or written.
    #[error("failed to {action}")]
    Files {
        /// What was tried.
        action: &'static str,
        /// Why it failed.
        #[source]
        cause: io::Error,
    },
    /// A check could not be isolated, so it was not run.
    #[error("the sandbox failed at `{step}`: {message}")]
    Sandbox {
        /// The step that failed.
        step: SandboxStep,
        /// Why.
        message: String,
    },
    /// A fresh checkout for a check could not be made.
    #[error("failed to prepare a check: {message}")]
    Checkout {
        /// Why, for programs.
        reason: FailureReason,
        /// Why, for people.
        message: String,
    },
}

impl ProofError {
    /// The reason for programs; `None` if somebody stopped the proof. It is always one of the surroundings: another
    /// attempt may succeed.
    #[must_use]
    pub fn reason(&self) -> Option<FailureReason> {
        match self {
            Self::Cancelled => None,
            Self::Git(_) | Self::NotReceived | Self::History => Some(FailureReason::CheckoutFailed),
            Self::Workspace(_) => Some(FailureReason::WorkspaceFailed),
            Self::Files { .. } => Some(FailureReason::ArtifactFailed),
            Self::Sandbox { .. } => Some(FailureReason::SandboxFailed),
            Self::Checkout { reason, .. } => Some(*reason),
        }
    }

    pub(crate) fn files(action: &'static str) -> impl FnOnce(io::Error) -> Self {
        move |cause| Self::Files { action, cause }
    }
}

impl From<GitError> for ProofError {
    fn from(error: GitError) -> Self {
        match error {
            GitError::Cancelled => Self::Cancelled,
            other => Self::Git(other),
        }
    }
}

impl From<WorkspaceError> for ProofError {
    fn from(error: WorkspaceError) -> Self {
        Self::Workspace(error)
    }
}

/// The ends of a process that say nothing about what it was to show.
pub(crate) fn no_verdict(end: &ProcessEnd) -> Option<ProofError> {
    match end {
        ProcessEnd::Cancelled => Some(ProofError::Cancelled),
        ProcessEnd::SandboxFailed { step, message } => {
            Some(ProofError::Sandbox { step: *step, message: message.clone() })
        }
        _ => None,
    }
}

/// Why a check has no checkout.
pub(crate) enum NoCheckout {
    /// It cannot be run on this work.
    NotStarted,
    /// The time was over before.
    NotRun,
    /// There is no proof.
    Error(ProofError),
}

impl From<Stop> for NoCheckout {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::TimedOut => Self::NotRun,
            Stop::Cancelled => Self::Error(ProofError::Cancelled),
            Stop::Failed(reason, message) if reason.is_infrastructure() => {
                Self::Error(ProofError::Checkout { reason, message })
            }
            // The folder that the task is about is gone, for one.
            Stop::Failed(..) => Self::NotStarted,
        }
    }
}
