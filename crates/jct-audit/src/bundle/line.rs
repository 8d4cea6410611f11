//! The lines of a bundle.

use jct_contract::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{InclusionProof, Origin, PublicKey, Scope, StoredEntry};

/// Which part of the log a bundle holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum BundleFilter {
    /// All of it.
    Whole,
    /// One entity.
    Entity {
        /// Its kind.
        entity_kind: String,
        /// Its id.
        entity_id: String,
    },
    /// Every entity with an entry of this trace, each with its whole chain.
    Trace {
        /// The trace.
        trace_id: String,
    },
}

/// What a bundle says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BundleHeader {
    /// The tower.
    pub origin: Origin,
    /// When it was exported.
    pub exported_at: Timestamp,
    /// What it holds.
    pub filter: BundleFilter,
}

/// One line.
///
/// Signed texts and leaves are plain text here: whether they are what they should be is for verification to judge.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", deny_unknown_fields)]
pub enum BundleLine {
    /// The first line. Its type names the format and its version.
    #[serde(rename = "jct-audit-bundle-v1")]
    Header(BundleHeader),
    /// The tower's first key.
    #[serde(rename = "key")]
    Key {
        /// The key.
        public_key: PublicKey,
    },
    /// A change of the key, in the order in which they were made.
    #[serde(rename = "rotation")]
    Rotation {
        /// The signed text.
        text: String,
    },
    /// A checkpoint with all its leaves, or with proofs for some.
    #[serde(rename = "checkpoint")]
    Checkpoint {
        /// The signed text.
        text: String,
        /// The text of the leaves.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        leaves: Option<String>,
        /// Proofs, if the leaves are not given.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        proofs: Vec<InclusionProof>,
    },
    /// An entry.
    #[serde(rename = "entry")]
    Entry(Box<StoredEntry>),
    /// The last line: without it, the file was cut off.
    #[serde(rename = "end")]
    End {},
}

/// The text is no line of a bundle.
#[derive(Debug, thiserror::Error)]
#[error("not a line of an audit bundle")]
pub struct InvalidBundleLine(#[source] serde_json::Error);

impl BundleFilter {
    /// How much of a log this is.
    #[must_use]
    pub const fn scope(&self) -> Scope {
        match self {
            Self::Whole => Scope::Whole,
            Self::Entity { .. } | Self::Trace { .. } => Scope::Part,
        }
    }
}

impl BundleLine {
    /// Reads one line, with or without its end.
    ///
    /// # Errors
    ///
    /// [`InvalidBundleLine`] if it is none.
    pub fn parse(line: &str) -> Result<Self, InvalidBundleLine> {
        serde_json::from_str(line).map_err(InvalidBundleLine)
    }

    /// The line, with its end.
    #[must_use]
    pub fn to_line(&self) -> String {
        // Strings and numbers only: there is nothing here that could fail to serialise.
        serde_json::to_string(self).map(|line| line + "\n").unwrap_or_default()
    }

    pub(super) const fn name(&self) -> &'static str {
        match self {
            Self::Header(_) => "header",
            Self::Key { .. } => "key",
            Self::Rotation { .. } => "rotation",
            Self::Checkpoint { .. } => "checkpoint",
            Self::Entry(_) => "entry",
            Self::End {} => "end",
        }
    }
}
