//! What a job needs and a worker has: labels that both sides must spell alike, or work waits for ever.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::ExecutorName;
use crate::limits::CAPABILITY_MAX_CHARS;

/// One capability: 1 to 64 characters of `[a-z0-9._-]`. Reading folds capitals. The name of every executor is one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Capability(String);

/// The text cannot be a capability.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a capability has 1 to {CAPABILITY_MAX_CHARS} characters of `a-z 0-9 . _ -`")]
pub struct InvalidCapability;

impl Capability {
    /// The text, in lower case.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Capability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Capability {
    type Err = InvalidCapability;

    fn from_str(text: &str) -> Result<Self, InvalidCapability> {
        let inner = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
        let fits = (1..=CAPABILITY_MAX_CHARS).contains(&text.len());
        if fits && text.bytes().all(inner) { Ok(Self(text.to_ascii_lowercase())) } else { Err(InvalidCapability) }
    }
}

impl From<&ExecutorName> for Capability {
    /// What a task needs that names no capability: its executor. The letters of such a name are those of a capability.
    fn from(executor: &ExecutorName) -> Self {
        Self(executor.as_str().to_owned())
    }
}

impl TryFrom<String> for Capability {
    type Error = InvalidCapability;

    fn try_from(text: String) -> Result<Self, InvalidCapability> {
        text.parse()
    }
}

impl AsRef<str> for Capability {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl Serialize for Capability {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Capability {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// Capabilities without repetition, in the order in which they were first named.
///
/// ```rust
/// use jct_contract::{Capability, CapabilitySet};
///
/// let needed = ["manifest", "Qdrant", "manifest"].iter().map(|text| text.parse());
/// let needed: CapabilitySet = needed.collect::<Result<Vec<Capability>, _>>()?.into_iter().collect();
/// assert_eq!(needed.to_string(), "manifest, qdrant");
///
/// let offered: CapabilitySet = needed.iter().take(1).cloned().collect();
/// assert!(!needed.is_subset_of(&offered));
/// assert_eq!(needed.missing_from(&offered).map(Capability::as_str).collect::<Vec<_>>(), ["qdrant"]);
/// # Ok::<(), jct_contract::InvalidCapability>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct CapabilitySet(Vec<Capability>);

impl CapabilitySet {
    /// Adds one behind the others, unless it is in there already; says whether it was new.
    pub fn insert(&mut self, capability: Capability) -> bool {
        let is_new = !self.contains(&capability);
        if is_new {
            self.0.push(capability);
        }
        is_new
    }

    /// Whether it is in there.
    #[must_use]
    pub fn contains(&self, capability: &Capability) -> bool {
        self.0.contains(capability)
    }

    /// Whether `offered` has all of them; the empty set asks for nothing.
    #[must_use]
    pub fn is_subset_of(&self, offered: &Self) -> bool {
        self.missing_from(offered).next().is_none()
    }

    /// Those that `offered` lacks, in the order of this set.
    pub fn missing_from<'s>(&'s self, offered: &'s Self) -> impl Iterator<Item = &'s Capability> {
        self.0.iter().filter(|capability| !offered.contains(capability))
    }

    /// Each, in the order in which it was first named.
    pub fn iter(&self) -> std::slice::Iter<'_, Capability> {
        self.0.iter()
    }

    /// The same as a slice.
    #[must_use]
    pub fn as_slice(&self) -> &[Capability] {
        &self.0
    }

    /// How many.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for CapabilitySet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, capability) in self.0.iter().enumerate() {
            write!(f, "{}{capability}", if index == 0 { "" } else { ", " })?;
        }
        Ok(())
    }
}

impl FromIterator<Capability> for CapabilitySet {
    fn from_iter<I: IntoIterator<Item = Capability>>(capabilities: I) -> Self {
        let mut set = Self::default();
        set.extend(capabilities);
        set
    }
}

impl Extend<Capability> for CapabilitySet {
    fn extend<I: IntoIterator<Item = Capability>>(&mut self, capabilities: I) {
        for capability in capabilities {
            self.insert(capability);
        }
    }
}

impl<'s> IntoIterator for &'s CapabilitySet {
    type Item = &'s Capability;
    type IntoIter = std::slice::Iter<'s, Capability>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<'de> Deserialize<'de> for CapabilitySet {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Vec::<Capability>::deserialize(deserializer)?.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<&str>) {
        assert_eq!(text.parse::<Capability>().ok().as_ref().map(Capability::as_str), expected, "{text:?}");
    }

    #[test]
    fn a_capability_is_a_short_plain_label_in_lower_case() {
        check("manifest", Some("manifest"));
        check("Local_FS", Some("local_fs"));
        check("0", Some("0"));
        check("a.b-c_d", Some("a.b-c_d"));
        check(&"x".repeat(64), Some(&"x".repeat(64)));
        for bad in ["", " ", " manifest", "a b", "a/b", "größe", "K\u{212a}", "a\0", &"x".repeat(65)] {
            check(bad, None);
        }
    }

    #[test]
    fn the_name_of_every_executor_is_a_capability() {
        for name in ["survey", "_x", "-x", "0", &"x".repeat(64)] {
            let executor: ExecutorName = name.parse().unwrap();
            assert_eq!(name.parse(), Ok(Capability::from(&executor)));
        }
    }

    #[test]
    fn a_set_keeps_the_first_of_equals_where_it_stood() {
        let set: CapabilitySet =
            ["b", "a", "B", "c", "a"].into_iter().map(|text| text.parse::<Capability>().unwrap()).collect();
        assert_eq!(set.to_string(), "b, a, c");
        assert_eq!(serde_json::to_string(&set).unwrap(), r#"["b","a","c"]"#);
        assert_eq!(serde_json::from_str::<CapabilitySet>(r#"["b","a","B","c"]"#).unwrap(), set);
        assert!(serde_json::from_str::<CapabilitySet>(r#"["b",""]"#).is_err());
        assert!(CapabilitySet::default().is_subset_of(&set) && set.is_subset_of(&set));
    }
}
