//! What a task asks for: the closed list that the gate admits.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

/// The kind of work. The contract carries any text here; only the gate, through this type, insists on the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Operation {
    /// Change code.
    CodeChange,
    /// Write or change documentation.
    Docs,
    /// Look and report, change nothing.
    Analysis,
    /// Operate: anything that is neither code nor documentation.
    Ops,
}

/// The text names no operation; matching is exact, upper case included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an operation is one of `analysis`, `code_change`, `docs`, `ops`")]
pub struct UnknownOperation;

impl Operation {
    /// Every operation, in the order of the contract.
    pub const ALL: [Self; 4] = [Self::CodeChange, Self::Docs, Self::Analysis, Self::Ops];

    /// The name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CodeChange => "code_change",
            Self::Docs => "docs",
            Self::Analysis => "analysis",
            Self::Ops => "ops",
        }
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Operation {
    type Err = UnknownOperation;

    fn from_str(text: &str) -> Result<Self, UnknownOperation> {
        Self::ALL.into_iter().find(|operation| operation.as_str() == text).ok_or(UnknownOperation)
    }
}

impl Serialize for Operation {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}
