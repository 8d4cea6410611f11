//! Why a definition is refused.

use std::path::PathBuf;

/// Why a file of adapters cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AdapterError {
    /// The file cannot be read.
    #[error("failed to read the agents in `{}`", .file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// Why.
        #[source]
        error: std::io::Error,
    },
    /// The file is no TOML, or has a key of the wrong type or none that is known.
    #[error("`{file}`: {key}: {message}")]
    Malformed {
        /// The file.
        file: String,
        /// Table and key, as far as they can be told.
        key: String,
        /// What is wrong.
        message: String,
    },
    /// A value that cannot be used.
    #[error("`{file}`: [agent.{agent}] {key}: {message}")]
    Invalid {
        /// The file.
        file: String,
        /// The adapter.
        agent: String,
        /// The key.
        key: String,
        /// What is wrong.
        message: String,
    },
}

/// A key and what is wrong with its value.
pub(super) struct Violation {
    pub(super) key: String,
    pub(super) message: String,
}

impl Violation {
    pub(super) fn new(key: impl Into<String>, message: impl Into<String>) -> Self {
        Self { key: key.into(), message: message.into() }
    }
}
