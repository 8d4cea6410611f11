//! The refusal: a code for programs, a text for people, and the prefixes apart, because not everybody may see them.

use std::borrow::Cow;
use std::sync::Arc;

use jct_contract::{NormalizeError, Operation};

use crate::code::PolicyCode;
use crate::prefix::RepoPrefix;

/// The gate refused a task. Displays as `CODE: message`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: {}", self.code(), self.message())]
pub struct PolicyError {
    refusal: Refusal,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    Operation { written: String },
    Repo { written: String, allowed: Arc<[RepoPrefix]> },
    BudgetTooLow { seconds: i64, min: i64 },
    BudgetTooHigh { seconds: i64, max: i64 },
    Network,
    Secrets,
}

impl Refusal {
    /// What the gate makes of a task that has no normal spelling.
    pub(crate) fn of_spelling(error: NormalizeError, allowed: Arc<[RepoPrefix]>) -> Self {
        match error {
            NormalizeError::UnknownOperation { operation } => Self::Operation { written: operation },
            NormalizeError::InvalidRepo { repo } => Self::Repo { written: repo, allowed },
        }
    }
}

impl From<Refusal> for PolicyError {
    fn from(refusal: Refusal) -> Self {
        Self { refusal }
    }
}

impl PolicyError {
    /// Which rule refused it.
    #[must_use]
    pub const fn code(&self) -> PolicyCode {
        match self.refusal {
            Refusal::Operation { .. } => PolicyCode::InvalidOperation,
            Refusal::Repo { .. } => PolicyCode::RepoNotAllowed,
            Refusal::BudgetTooLow { .. } => PolicyCode::TimeBudgetTooLow,
            Refusal::BudgetTooHigh { .. } => PolicyCode::TimeBudgetTooHigh,
            Refusal::Network => PolicyCode::NetworkAccessDenied,
            Refusal::Secrets => PolicyCode::SecretsAccessDenied,
        }
    }

    /// The public text. It repeats what the caller wrote (control characters escaped, at most 256 characters) and never
    /// tells which repositories are allowed.
    #[must_use]
    pub fn message(&self) -> String {
        match &self.refusal {
            Refusal::Operation { written } => {
                let mut allowed = Operation::ALL.map(Operation::as_str);
                allowed.sort_unstable();
                let (written, allowed) = (printable(written), allowed.join(", "));
                format!("Operation '{written}' is not allowed. Allowed operations: {allowed}")
            }
            Refusal::Repo { written, .. } => {
                format!("Repository '{}' is not in the allowed namespace.", printable(written))
            }
            Refusal::BudgetTooLow { seconds, min } => format!("Time budget {seconds}s is below minimum ({min}s)"),
            Refusal::BudgetTooHigh { seconds, max } => format!("Time budget {seconds}s exceeds maximum ({max}s)"),
            Refusal::Network => {
                "Network access is not allowed in V1. Set constraints.allow_network to false.".to_owned()
            }
            Refusal::Secrets => {
                "Secrets access is not allowed in V1. Set constraints.allow_secrets to false.".to_owned()
            }
        }
    }

    /// The prefixes that would have been allowed, for [`PolicyCode::RepoNotAllowed`]; empty for every other code.
    /// Show them only to those who may read the policy.
    #[must_use]
    pub fn allowed_prefixes(&self) -> &[RepoPrefix] {
        match &self.refusal {
            Refusal::Repo { allowed, .. } => allowed,
            _ => &[],
        }
    }
}

/// What the caller wrote, fit for one line of a log.
fn printable(written: &str) -> Cow<'_, str> {
    const MAX_CHARS: usize = 256;
    let end = written.char_indices().nth(MAX_CHARS).map(|(end, _)| end);
    if end.is_none() && !written.contains(char::is_control) {
        return Cow::Borrowed(written);
    }
    let mut text = String::new();
    for character in written.chars().take(MAX_CHARS) {
        if character.is_control() {
            text.extend(character.escape_default());
        } else {
            text.push(character);
        }
    }
    if end.is_some() {
        text.push('…');
    }
    Cow::Owned(text)
}
