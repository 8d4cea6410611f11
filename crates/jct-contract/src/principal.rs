//! Who: the kinds of requester, and the authenticated identity behind a call.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::limits::PRINCIPAL_NAME_MAX_CHARS;

/// What stands behind a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub enum RequesterKind {
    // No doc comments on the variants: they would turn the plain `enum` of the JSON Schema into a `oneOf`.
    #[expect(missing_docs, reason = "the name says it all, and a comment would change the JSON Schema")]
    Human,
    #[expect(missing_docs, reason = "the name says it all, and a comment would change the JSON Schema")]
    Agent,
    #[expect(missing_docs, reason = "the name says it all, and a comment would change the JSON Schema")]
    System,
}

/// The text names no kind of requester; matching is exact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a requester kind is one of `human`, `agent`, `system`")]
pub struct UnknownRequesterKind;

impl RequesterKind {
    /// Every kind, in the order of the contract.
    pub const ALL: [Self; 3] = [Self::Human, Self::Agent, Self::System];

    /// The name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Human => "human",
            Self::Agent => "agent",
            Self::System => "system",
        }
    }
}

impl fmt::Display for RequesterKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for RequesterKind {
    type Err = UnknownRequesterKind;

    fn from_str(text: &str) -> Result<Self, UnknownRequesterKind> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text).ok_or(UnknownRequesterKind)
    }
}

/// An authenticated identity: the actor of the audit log, and what separation of duties compares.
///
/// Not to be confused with `requested_by`, which is what the caller *says*.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Principal {
    kind: RequesterKind,
    name: String,
}

/// The text cannot be the name of a principal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the name of a principal has 1 to {PRINCIPAL_NAME_MAX_CHARS} characters, none of them a control character")]
pub struct InvalidPrincipalName;

impl Principal {
    /// A principal of that kind and name.
    ///
    /// # Errors
    /// If the name is empty, longer than [`PRINCIPAL_NAME_MAX_CHARS`] characters or has control characters, which
    /// would forge lines in a log.
    pub fn new(kind: RequesterKind, name: impl Into<String>) -> Result<Self, InvalidPrincipalName> {
        let name = name.into();
        let fits = (1..=PRINCIPAL_NAME_MAX_CHARS).contains(&name.chars().count());
        if fits && !name.contains(char::is_control) { Ok(Self { kind, name }) } else { Err(InvalidPrincipalName) }
    }

    /// Human, agent or system.
    #[must_use]
    pub const fn kind(&self) -> RequesterKind {
        self.kind
    }

    /// The name, unique in the tower.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_principal_has_a_printable_name_of_bounded_length() {
        let name = |text: &str| Principal::new(RequesterKind::Agent, text).map(|principal| principal.name().to_owned());
        assert_eq!(name("operator"), Ok("operator".to_owned()));
        assert_eq!(name(&"é".repeat(128)), Ok("é".repeat(128)));
        for bad in ["", "a\nb", "a\0", &"x".repeat(129)] {
            assert_eq!(name(bad), Err(InvalidPrincipalName), "{bad:?}");
        }
    }

    #[test]
    fn kinds_read_back() {
        for kind in RequesterKind::ALL {
            assert_eq!(kind.as_str().parse(), Ok(kind));
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str());
        }
        assert_eq!("Human".parse::<RequesterKind>(), Err(UnknownRequesterKind));
    }
}
