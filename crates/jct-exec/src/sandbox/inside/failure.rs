//! A step that failed, and the one way to say so.

use std::fmt::Display;

use super::super::step::SandboxStep;
use super::super::wire::Message;

/// A step that failed.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) step: SandboxStep,
    pub(super) message: String,
}

impl Failure {
    pub(super) fn new(step: SandboxStep, message: impl Into<String>) -> Self {
        Self { step, message: message.into() }
    }

    pub(super) fn to_message(&self) -> Message {
        Message::Failed { step: self.step, message: self.message.clone() }
    }
}

/// Turns any error into the failure of a step.
pub(super) trait At<T> {
    /// `what` reads after "failed to".
    fn at(self, step: SandboxStep, what: &str) -> Result<T, Failure>;
}

impl<T, E: Display> At<T> for Result<T, E> {
    fn at(self, step: SandboxStep, what: &str) -> Result<T, Failure> {
        self.map_err(|error| Failure::new(step, format!("failed to {what}: {error}")))
    }
}
