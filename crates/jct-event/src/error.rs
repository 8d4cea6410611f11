//! What the doors of this crate answer when they do not open.

use std::fmt;

use jct_contract::{DocumentError, Violation};

/// The bytes are not an event.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EventError {
    /// Not one JSON text in UTF-8; over HTTP this is a 400.
    #[error("malformed JSON: {message} at line {line}, column {column}")]
    Malformed {
        /// What is wrong there.
        message: String,
        /// Counted from one.
        line: usize,
        /// In characters, counted from one.
        column: usize,
    },
    /// Readable, but not an event; over HTTP this is a 422. Never empty. Parameters of a query and headers stand in it
    /// under the name of the attribute that they carry.
    #[error("the event breaks the contract: {}", Listed(.0))]
    Violations(Vec<Violation>),
}

impl From<DocumentError> for EventError {
    fn from(error: DocumentError) -> Self {
        Self::Malformed { message: error.message().to_owned(), line: error.line(), column: error.column() }
    }
}

struct Listed<'a>(&'a [Violation]);

impl fmt::Display for Listed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, violation) in self.0.iter().enumerate() {
            write!(f, "{}{violation}", if index == 0 { "" } else { "; " })?;
        }
        Ok(())
    }
}
