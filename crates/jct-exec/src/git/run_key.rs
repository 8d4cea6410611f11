//! The name of an attempt in a repository cache. Part of a reference's name, so it is checked once and for all.

use std::fmt;

/// The longest key, in bytes.
const LONGEST: usize = 100;

/// 1 to 100 characters out of `a-z`, `0-9` and `-`, the first of them no `-`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RunKey(String);

/// The text is no [`RunKey`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a run key has 1 to {LONGEST} characters out of `a-z`, `0-9` and `-` and begins with no `-`")]
pub struct InvalidRunKey;

impl RunKey {
    /// Checks `text`.
    ///
    /// # Errors
    ///
    /// [`InvalidRunKey`].
    pub fn parse(text: &str) -> Result<Self, InvalidRunKey> {
        let allowed = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-');
        let good = (1..=LONGEST).contains(&text.len()) && !text.starts_with('-') && text.bytes().all(allowed);
        if good { Ok(Self(text.to_owned())) } else { Err(InvalidRunKey) }
    }

    /// The key's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Keeps the commit that the attempt began with.
    pub(super) fn base_reference(&self) -> String {
        format!("refs/jct/base/{}", self.0)
    }

    /// Keeps the commit that the attempt led to.
    pub(super) fn run_reference(&self) -> String {
        format!("refs/jct/runs/{}", self.0)
    }
}

impl fmt::Display for RunKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_names_are_keys() {
        let long = "a".repeat(LONGEST);
        for key in ["a", "0190f2-1", &long] {
            assert_eq!(RunKey::parse(key).unwrap().as_str(), key);
        }
        let too_long = "a".repeat(LONGEST + 1);
        for text in ["", "-a", "A", "a/b", "a.b", "..", "a b", "é", "a\0", &too_long] {
            assert_eq!(RunKey::parse(text), Err(InvalidRunKey), "{text:?}");
        }
    }
}
