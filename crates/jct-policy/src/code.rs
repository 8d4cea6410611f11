//! The six reasons for which the gate refuses a task.

use std::fmt;

use serde::{Serialize, Serializer};

/// Why a task was refused; the text form is stable and meant for programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PolicyCode {
    /// The operation is none of the contract's.
    InvalidOperation,
    /// The repository is not `owner/name`, or lies under no allowed prefix.
    RepoNotAllowed,
    /// The time budget is below the policy's minimum.
    TimeBudgetTooLow,
    /// The time budget is above the policy's maximum.
    TimeBudgetTooHigh,
    /// The task asks for the network.
    NetworkAccessDenied,
    /// The task asks for secrets.
    SecretsAccessDenied,
}

impl PolicyCode {
    /// Every code, in the order in which the gate looks: the first that applies is the answer.
    pub const ALL: [Self; 6] = [
        Self::InvalidOperation,
        Self::RepoNotAllowed,
        Self::TimeBudgetTooLow,
        Self::TimeBudgetTooHigh,
        Self::NetworkAccessDenied,
        Self::SecretsAccessDenied,
    ];

    /// The stable text form.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidOperation => "INVALID_OPERATION",
            Self::RepoNotAllowed => "REPO_NOT_ALLOWED",
            Self::TimeBudgetTooLow => "TIME_BUDGET_TOO_LOW",
            Self::TimeBudgetTooHigh => "TIME_BUDGET_TOO_HIGH",
            Self::NetworkAccessDenied => "NETWORK_ACCESS_DENIED",
            Self::SecretsAccessDenied => "SECRETS_ACCESS_DENIED",
        }
    }
}

impl fmt::Display for PolicyCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for PolicyCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}
