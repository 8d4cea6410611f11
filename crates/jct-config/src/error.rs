//! What can be wrong with a configuration. All of it is reported at once, and no message repeats a secret.

use std::fmt;
use std::io;
use std::path::PathBuf;

use crate::Origin;

/// The configuration could not be loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The file exists or was asked for, and could not be read.
    #[error("cannot read the configuration file `{}`", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The layers were read and do not make a configuration.
    #[error(transparent)]
    Invalid(#[from] ConfigErrors),
}

/// Everything that is wrong, in the order of the layers and then of the registry. Never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigErrors(Vec<ConfigError>);

impl ConfigErrors {
    pub(crate) const fn new(errors: Vec<ConfigError>) -> Self {
        Self(errors)
    }

    /// The single errors.
    pub fn iter(&self) -> impl Iterator<Item = &ConfigError> {
        self.0.iter()
    }
}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the configuration is not valid:")?;
        self.0.iter().try_for_each(|error| write!(f, "\n  - {error}"))
    }
}

impl std::error::Error for ConfigErrors {}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// The file is not TOML. The parser's own text is left out where it would quote the file, which may hold a secret.
    #[error("`{}`, line {line}, column {column}: {reason}", path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
        /// Column in characters, from 1.
        column: usize,
        /// What the parser expected.
        reason: String,
    },
    /// A key of the file or of a flag that no binary knows.
    #[error("unknown key `{name}` in {origin}{}", hint(*suggestion))]
    UnknownKey {
        /// The key, with its table.
        name: String,
        /// Where it stands.
        origin: Origin,
        /// The known key that was probably meant.
        suggestion: Option<&'static str>,
    },
    /// A `JCT_` variable that no binary knows.
    #[error("unknown environment variable `{name}`{}", hint(*suggestion))]
    UnknownVariable {
        /// The variable.
        name: String,
        /// The known variable that was probably meant.
        suggestion: Option<&'static str>,
    },
    /// A value that its key does not take.
    #[error("`{key}` from {origin} {reason}")]
    BadValue {
        /// The key.
        key: &'static str,
        /// The layer the value comes from.
        origin: Origin,
        /// What it must be.
        reason: String,
    },
    /// Values that are fine alone and not together.
    #[error("`{left}` {reason} `{right}`")]
    Conflict {
        /// One key.
        left: &'static str,
        /// The relation that does not hold.
        reason: &'static str,
        /// The other key.
        right: &'static str,
    },
}

fn hint(suggestion: Option<&str>) -> String {
    suggestion.map(|name| format!("; did you mean `{name}`?")).unwrap_or_default()
}
