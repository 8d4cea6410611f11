//! The names of workflows and of their steps. Both end up in addresses and keys.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::limits::{NAME_MAX_CHARS, STEP_ID_MAX_CHARS};

/// The name of a workflow, unique in the tower: 1 to 100 characters of `a-z 0-9 _ -`, the first a letter.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WorkflowName(String);

/// The text is not the name of a workflow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the name of a workflow has 1 to {NAME_MAX_CHARS} characters of `a-z 0-9 _ -` and begins with a letter")]
pub struct InvalidWorkflowName;

/// The id of a step, unique in its workflow: 1 to 64 characters of `a-z 0-9 _`, the first a letter. It is written in
/// expressions, which is why it has no hyphen.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StepId(String);

/// The text is not the id of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the id of a step has 1 to {STEP_ID_MAX_CHARS} characters of `a-z 0-9 _` and begins with a letter")]
pub struct InvalidStepId;

fn fits(text: &str, most: usize, more: &[u8]) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || more.contains(&byte);
    text.len() <= most && text.starts_with(|first: char| first.is_ascii_lowercase()) && text.bytes().all(plain)
}

impl WorkflowName {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl StepId {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for WorkflowName {
    type Err = InvalidWorkflowName;

    fn from_str(text: &str) -> Result<Self, InvalidWorkflowName> {
        if fits(text, NAME_MAX_CHARS, b"_-") { Ok(Self(text.to_owned())) } else { Err(InvalidWorkflowName) }
    }
}

impl FromStr for StepId {
    type Err = InvalidStepId;

    fn from_str(text: &str) -> Result<Self, InvalidStepId> {
        if fits(text, STEP_ID_MAX_CHARS, b"_") { Ok(Self(text.to_owned())) } else { Err(InvalidStepId) }
    }
}

impl fmt::Display for WorkflowName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Display for StepId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl Serialize for WorkflowName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl Serialize for StepId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for StepId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_plain_and_begin_with_a_letter() {
        for good in ["a", "incident_response", "v2"] {
            assert_eq!(good.parse::<WorkflowName>().map(|name| name.to_string()).as_deref(), Ok(good));
            assert_eq!(good.parse::<StepId>().map(|id| id.to_string()).as_deref(), Ok(good));
        }
        assert!("a-b".parse::<WorkflowName>().is_ok() && "a-b".parse::<StepId>().is_err());
        assert!("a".repeat(65).parse::<StepId>().is_err() && "a".repeat(64).parse::<StepId>().is_ok());
        for bad in ["", "1a", "_a", "A", "a/b", "a b", "ä", "a.b"] {
            assert_eq!(bad.parse::<WorkflowName>(), Err(InvalidWorkflowName), "{bad}");
            assert_eq!(bad.parse::<StepId>(), Err(InvalidStepId), "{bad}");
        }
    }
}
