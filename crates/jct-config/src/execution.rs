//! What the settings of execution can be: levels, verdicts, folders, names of variables.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use crate::InvalidText;
use crate::setting::{Item, Setting, choice};

/// The isolation level that runs get.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SandboxLevel {
    /// The highest that the machine can give.
    Auto,
    /// Cleared environment and time limit only.
    L0,
    /// No network.
    L1,
    /// No network, and files confined.
    L2,
    /// Everything, in namespaces of its own.
    L3,
}

choice! { SandboxLevel { Auto = "auto", L0 = "L0", L1 = "L1", L2 = "L2", L3 = "L3" } }

/// The lowest isolation level that a worker starts with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MinimumLevel {
    /// Any machine will do.
    L0,
    /// The network must be closed.
    L1,
    /// Files must be confined too.
    L2,
    /// Namespaces must be had.
    L3,
}

choice! { MinimumLevel { L0 = "L0", L1 = "L1", L2 = "L2", L3 = "L3" } }

/// A verdict that may stand for an approval. Failed work never does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApprovedVerdict {
    /// Everything required was shown.
    Pass,
    /// Something was left unshown.
    Partial,
}

impl ApprovedVerdict {
    /// The word on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Partial => "partial",
        }
    }
}

impl FromStr for ApprovedVerdict {
    type Err = InvalidText;

    fn from_str(text: &str) -> Result<Self, InvalidText> {
        [Self::Pass, Self::Partial].into_iter().find(|one| one.as_str() == text).ok_or(InvalidText(Self::RULE))
    }
}

impl fmt::Display for ApprovedVerdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Item for ApprovedVerdict {
    const RULE: &'static str = "must hold `pass` or `partial`; work that failed is never approved";
}

/// A path in a list: one without a comma or a control character.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedPath(PathBuf);

impl ListedPath {
    /// The path.
    #[must_use]
    pub fn as_path(&self) -> &Path {
        &self.0
    }
}

impl FromStr for ListedPath {
    type Err = InvalidText;

    fn from_str(text: &str) -> Result<Self, InvalidText> {
        let valid = text.starts_with('/') && !text.contains(',') && !text.chars().any(char::is_control);
        if valid { Ok(Self(text.into())) } else { Err(InvalidText(Self::RULE)) }
    }
}

impl fmt::Display for ListedPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.display().fmt(f)
    }
}

impl Item for ListedPath {
    const RULE: &'static str = "must hold absolute paths without a comma";
}

impl Setting for Option<PathBuf> {
    const KIND: &'static str = "a path";

    fn parse(text: &str) -> Result<Self, String> {
        if text.is_empty() { Ok(None) } else { PathBuf::parse(text).map(Some) }
    }

    fn show(&self) -> String {
        self.as_ref().map(PathBuf::show).unwrap_or_default()
    }
}

/// The name of a variable of the environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VariableName(String);

impl VariableName {
    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for VariableName {
    type Err = InvalidText;

    fn from_str(text: &str) -> Result<Self, InvalidText> {
        let valid = !text.is_empty()
            && !text.starts_with(|c: char| c.is_ascii_digit())
            && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if valid { Ok(Self(text.to_owned())) } else { Err(InvalidText(Self::RULE)) }
    }
}

impl fmt::Display for VariableName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Item for VariableName {
    const RULE: &'static str = "must hold names of variables: letters, digits and `_`, no digit first";
}
