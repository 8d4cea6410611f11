//! How urgent an event is.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

/// How urgent an event is. The order is that of urgency, so that nothing has to sort by the text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum EventPriority {
    /// When there is nothing else.
    Low,
    /// Unless somebody says otherwise.
    #[default]
    Medium,
    /// Before the usual.
    High,
    /// Before everything.
    Critical,
}

/// The text names no priority.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a priority is one of `low`, `medium`, `high`, `critical`")]
pub struct UnknownPriority;

impl EventPriority {
    /// Every priority, the least urgent first.
    pub const ALL: [Self; 4] = [Self::Low, Self::Medium, Self::High, Self::Critical];

    /// The name on the wire and in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }

    /// The place in the order, 0 to 3, for a column that a database can sort by; the text of the priority sorts
    /// wrongly.
    #[must_use]
    pub const fn rank(self) -> i16 {
        match self {
            Self::Low => 0,
            Self::Medium => 1,
            Self::High => 2,
            Self::Critical => 3,
        }
    }
}

impl fmt::Display for EventPriority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for EventPriority {
    type Err = UnknownPriority;

    fn from_str(text: &str) -> Result<Self, UnknownPriority> {
        Self::ALL.into_iter().find(|priority| priority.as_str() == text).ok_or(UnknownPriority)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_read_back_and_ranks_follow_urgency() {
        for (rank, priority) in (0_i16..).zip(EventPriority::ALL) {
            assert_eq!((priority.as_str().parse(), priority.rank()), (Ok(priority), rank));
        }
        assert!(EventPriority::ALL.is_sorted());
        assert_eq!("High".parse::<EventPriority>(), Err(UnknownPriority));
    }
}
