//! What the door answers when it does not open.

use std::fmt;

use jct_contract::{DocumentError, Violation};

/// The bytes are not the object that was asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ObjectError {
    /// Not one JSON text in UTF-8; over HTTP this is a 400.
    #[error("malformed JSON")]
    Malformed(#[source] DocumentError),
    /// JSON, but not that object; over HTTP this is a 422. Never an empty list.
    #[error("the object breaks the model: {}", Listed(.0))]
    Violations(Vec<Violation>),
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
