//! Where an event comes from.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

use crate::limits::SOURCE_MAX_CHARS;

/// Where an event comes from, in the words of whoever sent it: a name such as `grafana`, or the URI reference that
/// CloudEvents asks for. It takes no part in access: the authenticated principal does.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventSource(String);

/// The text is not the source of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a source has 1 to {SOURCE_MAX_CHARS} characters, none of them white space or a control character")]
pub struct InvalidEventSource;

impl EventSource {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is one that the tower alone has: with the id of one of its own events it would keep that one out.
    #[must_use]
    pub fn is_reserved(&self) -> bool {
        self.0.to_ascii_lowercase().starts_with("urn:jct:")
    }

    pub(crate) fn of_tower() -> Self {
        Self("urn:jct:tower".to_owned())
    }
}

impl fmt::Display for EventSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl FromStr for EventSource {
    type Err = InvalidEventSource;

    fn from_str(text: &str) -> Result<Self, InvalidEventSource> {
        let fits = (1..=SOURCE_MAX_CHARS).contains(&text.chars().count())
            && !text.contains(|character: char| character.is_control() || character.is_whitespace());
        if fits { Ok(Self(text.to_owned())) } else { Err(InvalidEventSource) }
    }
}

impl Serialize for EventSource {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_towers_own_is_reserved() {
        assert!(EventSource::of_tower().is_reserved() && EventSource("URN:jct:x".to_owned()).is_reserved());
        assert!(!EventSource("urn:jct-monitor".to_owned()).is_reserved());
    }

    #[test]
    fn a_source_is_one_word() {
        for good in ["grafana", "https://example.org/hooks", "/sensors/tn-1234567/alerts", &"é".repeat(256)] {
            assert_eq!(good.parse::<EventSource>().map(|source| source.to_string()).as_deref(), Ok(good));
        }
        for bad in ["", "two words", "a\n", "a\0", &"x".repeat(257)] {
            assert_eq!(bad.parse::<EventSource>(), Err(InvalidEventSource), "{bad:?}");
        }
    }
}
