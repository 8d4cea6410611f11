//! Which executor a task asks for, and the commands it brings along.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

use crate::Operation;
use crate::limits::EXECUTOR_NAME_MAX_CHARS;

/// The name of an executor: 1 to 64 characters of `[a-z0-9_-]`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ExecutorName(Cow<'static, str>);

/// The text cannot be the name of an executor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the name of an executor has 1 to {EXECUTOR_NAME_MAX_CHARS} characters of `a-z 0-9 _ -`")]
pub struct InvalidExecutorName;

impl ExecutorName {
    /// Runs `inputs.command`; chosen when a task brings a command and names no executor.
    pub const COMMAND: Self = Self(Cow::Borrowed("command"));
    /// Reports on a repository without changing it; the default for [`Operation::Analysis`].
    pub const SURVEY: Self = Self(Cow::Borrowed("survey"));
    /// Works on an objective by itself; the default for every other operation.
    pub const AGENT: Self = Self(Cow::Borrowed("agent"));

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) const fn default_for(operation: Operation) -> Self {
        match operation {
            Operation::Analysis => Self::SURVEY,
            Operation::CodeChange | Operation::Docs | Operation::Ops => Self::AGENT,
        }
    }
}

impl fmt::Display for ExecutorName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for ExecutorName {
    type Err = InvalidExecutorName;

    fn from_str(text: &str) -> Result<Self, InvalidExecutorName> {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'_' | b'-');
        let fits = (1..=EXECUTOR_NAME_MAX_CHARS).contains(&text.len());
        if fits && text.bytes().all(plain) { Ok(Self(Cow::Owned(text.to_owned()))) } else { Err(InvalidExecutorName) }
    }
}

impl Serialize for ExecutorName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}
