//! The effective configuration as it is shown: every key, its masked value and the layer that set it.

use std::fmt::{self, Write as _};
use std::path::PathBuf;

use serde::{Serialize, Serializer};

use crate::Config;

/// The layer a value comes from; later ones win.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Nothing set it.
    Default,
    /// This configuration file.
    File(PathBuf),
    /// This environment variable.
    Environment(&'static str),
    /// A flag of the command line.
    Flag,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(path) => write!(f, "file `{}`", path.display()),
            Self::Environment(name) => write!(f, "environment variable `{name}`"),
            Self::Flag => f.write_str("command line"),
        }
    }
}

impl Serialize for Origin {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// One key as `jct config` shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EffectiveEntry {
    /// Dotted key.
    pub key: &'static str,
    /// Value as text, secrets masked; empty when unset.
    pub value: String,
    /// The layer that set it.
    pub source: Origin,
}

impl Config {
    /// Every key with its value, in the order of the registry.
    #[must_use]
    pub fn effective(&self) -> &[EffectiveEntry] {
        &self.effective
    }

    /// [`Config::effective`] as lines for people, `key = value  # where it comes from`.
    #[must_use]
    pub fn render(&self) -> String {
        let settings: Vec<_> =
            self.effective.iter().map(|entry| (format!("{} = {}", entry.key, entry.value), entry)).collect();
        let width =
            settings.iter().map(|(setting, _)| setting.chars().count()).filter(|width| *width <= 60).max().unwrap_or(0);
        settings.iter().fold(String::new(), |mut text, (setting, entry)| {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{setting:width$}  # {}", entry.source);
            text
        })
    }
}
