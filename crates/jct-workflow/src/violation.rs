//! What is answered to a definition that is refused: every violation at once, each with its place, code and reason.

use std::fmt;

use jct_contract::door::{Path, Violations};
use jct_contract::limits::{MAX_VIOLATIONS, MAX_VIOLATIONS_BYTES};
use jct_contract::{DocumentError, Violation, ViolationCode};
use serde::{Serialize, Serializer};

/// Why a definition breaks the contract; the text form is stable and meant for programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DefinitionCode {
    /// One of the codes that tasks have as well.
    Contract(ViolationCode),
    /// Two steps have the same id.
    StepRepeated,
    /// A dependency names no step.
    DependencyUnknown,
    /// A dependency is named twice.
    DependencyRepeated,
    /// A step depends on itself.
    DependencySelf,
    /// Steps depend on each other in a circle.
    DependencyCycle,
    /// An expression is refused.
    InvalidExpression,
    /// An expression names a step that is not there, or that the step does not wait for.
    StepNotAwaited,
    /// A text with an expression is not closed, or stands where none may be.
    InvalidTemplate,
    /// A value of an expression would become part of a program for a shell.
    ShellInjection,
}

impl DefinitionCode {
    /// The stable text form.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Contract(code) => code.as_str(),
            Self::StepRepeated => "STEP_REPEATED",
            Self::DependencyUnknown => "DEPENDENCY_UNKNOWN",
            Self::DependencyRepeated => "DEPENDENCY_REPEATED",
            Self::DependencySelf => "DEPENDENCY_SELF",
            Self::DependencyCycle => "DEPENDENCY_CYCLE",
            Self::InvalidExpression => "INVALID_EXPRESSION",
            Self::StepNotAwaited => "STEP_NOT_AWAITED",
            Self::InvalidTemplate => "INVALID_TEMPLATE",
            Self::ShellInjection => "SHELL_INJECTION",
        }
    }
}

impl fmt::Display for DefinitionCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Serialize for DefinitionCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// One way in which a definition breaks the contract.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("{}: {message}", if pointer.is_empty() { "the definition" } else { pointer })]
pub struct DefinitionViolation {
    /// JSON Pointer (RFC 6901) to the place; `""` is the definition itself.
    pub pointer: String,
    /// Why, for programs.
    pub code: DefinitionCode,
    /// Why, for people.
    pub message: String,
}

impl From<Violation> for DefinitionViolation {
    fn from(violation: Violation) -> Self {
        let Violation { pointer, code, message } = violation;
        Self { pointer, code: DefinitionCode::Contract(code), message }
    }
}

/// The bytes are not a definition.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DefinitionError {
    /// Not one JSON text, or YAML document, in UTF-8; over HTTP this is a 400.
    #[error("malformed: {message} at line {line}, column {column}")]
    Malformed {
        /// What is wrong there.
        message: String,
        /// Counted from one.
        line: usize,
        /// In characters, counted from one.
        column: usize,
    },
    /// JSON, but not a definition; over HTTP this is a 422. Never empty.
    #[error("the definition breaks the contract: {}", Listed(.0))]
    Violations(Vec<DefinitionViolation>),
}

impl From<DocumentError> for DefinitionError {
    fn from(error: DocumentError) -> Self {
        Self::Malformed { message: error.message().to_owned(), line: error.line(), column: error.column() }
    }
}

struct Listed<'a>(&'a [DefinitionViolation]);

impl fmt::Display for Listed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, violation) in self.0.iter().enumerate() {
            write!(f, "{}{violation}", if index == 0 { "" } else { "; " })?;
        }
        Ok(())
    }
}

/// Collects violations during a walk: first those of the shape, then those of the meaning, as many as the task contract
/// reports; what is beyond is counted.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// Those of the shape, found by the functions of the contract's door.
    pub(crate) shape: Violations,
    meaning: Vec<DefinitionViolation>,
    bytes: usize,
    unreported: usize,
}

impl Found {
    /// Adds one.
    pub(crate) fn report(&mut self, path: Path<'_>, code: DefinitionCode, message: impl Into<String>) {
        self.add(DefinitionViolation { pointer: path.to_pointer(), code, message: message.into() });
    }

    pub(crate) fn add(&mut self, violation: DefinitionViolation) {
        if self.meaning.len() >= MAX_VIOLATIONS || self.bytes >= MAX_VIOLATIONS_BYTES {
            self.unreported += 1;
            return;
        }
        self.bytes += violation.pointer.len() + violation.message.len();
        self.meaning.push(violation);
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.shape.is_empty() && self.meaning.is_empty()
    }

    pub(crate) fn into_vec(self) -> Vec<DefinitionViolation> {
        let mut all: Vec<DefinitionViolation> = self.shape.into_vec().into_iter().map(Into::into).collect();
        all.extend(self.meaning);
        if self.unreported > 0 {
            all.push(DefinitionViolation {
                pointer: String::new(),
                code: DefinitionCode::Contract(ViolationCode::TooManyViolations),
                message: format!("{} more violations are not listed", self.unreported),
            });
        }
        all
    }
}
