//! How well work is kept apart from the machine it runs on: four named levels, each holding more than the one before.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An isolation level. A higher one promises everything that the lower ones do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum IsolationLevel {
    /// A clean environment, no inherited descriptors, and a time budget.
    L0,
    /// On top: no network and no dangerous system calls, and limits on memory, processes and files.
    L1,
    /// On top: files are read and written only where the work is meant to.
    L2,
    /// On top: namespaces of its own, so that neither processes nor sockets nor the home of the machine can be seen.
    L3,
}

/// The text names no isolation level; matching is exact, upper case included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an isolation level is one of `L0`, `L1`, `L2`, `L3`")]
pub struct UnknownIsolationLevel;

impl IsolationLevel {
    /// Every level, the weakest first.
    pub const ALL: [Self; 4] = [Self::L0, Self::L1, Self::L2, Self::L3];

    /// The name on the wire and in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::L0 => "L0",
            Self::L1 => "L1",
            Self::L2 => "L2",
            Self::L3 => "L3",
        }
    }
}

impl fmt::Display for IsolationLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for IsolationLevel {
    type Err = UnknownIsolationLevel;

    fn from_str(text: &str) -> Result<Self, UnknownIsolationLevel> {
        Self::ALL.into_iter().find(|level| level.as_str() == text).ok_or(UnknownIsolationLevel)
    }
}

impl Serialize for IsolationLevel {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for IsolationLevel {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Cow::<'de, str>::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_ordered_and_read_back() {
        assert!(IsolationLevel::ALL.is_sorted());
        for level in IsolationLevel::ALL {
            assert_eq!(level.to_string().parse(), Ok(level));
            let json = serde_json::to_string(&level).unwrap();
            assert_eq!(serde_json::from_str::<IsolationLevel>(&json).unwrap(), level);
        }
        for other in ["", "l3", "L4", " L1", "3"] {
            assert_eq!(other.parse::<IsolationLevel>(), Err(UnknownIsolationLevel), "{other}");
        }
    }
}
