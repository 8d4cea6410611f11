//! What one look found.

use serde::Serialize;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum State {
    /// As it should be.
    Ok,
    /// Works, but perhaps not as wanted.
    Warning,
    /// Does not work.
    Problem,
}

impl State {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Problem => "problem",
        }
    }
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Check {
    pub(super) check: String,
    pub(super) state: State,
    pub(super) message: String,
    /// What to do; there for everything that is not `ok`.
    pub(super) fix: Option<String>,
}

impl Check {
    pub(super) fn ok(check: impl Into<String>, message: impl Into<String>) -> Self {
        Self { check: check.into(), state: State::Ok, message: message.into(), fix: None }
    }

    pub(super) fn warning(check: impl Into<String>, message: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { check: check.into(), state: State::Warning, message: message.into(), fix: Some(fix.into()) }
    }

    pub(super) fn problem(check: impl Into<String>, message: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { check: check.into(), state: State::Problem, message: message.into(), fix: Some(fix.into()) }
    }
}

/// An error and its causes on one line.
pub(super) fn with_causes(error: &(dyn std::error::Error + 'static)) -> String {
    let (mut text, mut next) = (error.to_string(), error.source());
    while let Some(cause) = next {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        next = cause.source();
    }
    text
}
