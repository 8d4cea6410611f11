//! Where a step is, in one word.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

/// Where a step is, in one word, for databases, graphs and the expressions of later steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StepStatus {
    /// Its dependencies are not done.
    Waiting,
    /// Its dependencies are done; it is decided about, waits for its turn, or for its next attempt.
    Ready,
    /// Its task is enqueued or runs.
    Running,
    /// Its task ended well.
    Succeeded,
    /// Its last attempt did not.
    Failed,
    /// It was not wanted, or something before it went wrong.
    Skipped,
    /// It was called off.
    Cancelled,
}

/// The text names no status of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a step is one of `waiting`, `ready`, `running`, `succeeded`, `failed`, `skipped`, `cancelled`")]
pub struct UnknownStepStatus;

impl StepStatus {
    /// Every status, in the order of a step's life.
    pub const ALL: [Self; 7] =
        [Self::Waiting, Self::Ready, Self::Running, Self::Succeeded, Self::Failed, Self::Skipped, Self::Cancelled];

    /// The name on the wire and in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Ready => "ready",
            Self::Running => "running",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
            Self::Cancelled => "cancelled",
        }
    }

    /// Whether nothing follows.
    #[must_use]
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed | Self::Skipped | Self::Cancelled)
    }
}

impl fmt::Display for StepStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for StepStatus {
    type Err = UnknownStepStatus;

    fn from_str(text: &str) -> Result<Self, UnknownStepStatus> {
        Self::ALL.into_iter().find(|status| status.as_str() == text).ok_or(UnknownStepStatus)
    }
}
