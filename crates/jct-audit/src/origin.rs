//! The name of a tower, as signed statements carry it.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize};

/// Longer names serve nobody who has to read them.
const MAX_CHARS: usize = 128;

/// Which tower's log it is: 1 to 128 characters of `[A-Za-z0-9._:/-]`, so that a signed line stays one line.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Origin(String);

/// The text cannot name a tower.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an origin has 1 to {MAX_CHARS} characters of `A-Z a-z 0-9 . _ : / -`")]
pub struct InvalidOrigin;

impl Origin {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Origin {
    type Err = InvalidOrigin;

    fn from_str(text: &str) -> Result<Self, InvalidOrigin> {
        let safe = |byte: u8| byte.is_ascii_alphanumeric() || b"._:/-".contains(&byte);
        let fits = (1..=MAX_CHARS).contains(&text.len());
        if fits && text.bytes().all(safe) { Ok(Self(text.to_owned())) } else { Err(InvalidOrigin) }
    }
}

impl<'de> Deserialize<'de> for Origin {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_short_plain_text_names_a_tower() {
        for good in ["a", "tower.example.org/jct", "018bcfe5-687b-7000-8000-000000000001", &"x".repeat(128)] {
            assert_eq!(good.parse::<Origin>().unwrap().as_str(), good);
        }
        for bad in ["", "a b", "a\n", "a+b", "é", &"x".repeat(129)] {
            assert_eq!(bad.parse::<Origin>(), Err(InvalidOrigin), "{bad:?}");
        }
    }
}
