//! A secret that cannot be printed by accident.

use std::fmt;
use std::str::FromStr;

use crate::InvalidText;

/// Text that no `Debug` or error shows, and that has no `Display`. [`Secret::expose`] is the only way to its value.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Shortest secret accepted, in characters: less can be guessed over a network.
    pub const MIN_CHARACTERS: usize = 16;
    /// What is printed in its place.
    pub const MASK: &'static str = "********";

    /// The secret itself. Only hash it, compare it or send it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl FromStr for Secret {
    type Err = InvalidText;

    /// Accepts at least [`Secret::MIN_CHARACTERS`] visible ASCII characters, because it travels in an HTTP header.
    fn from_str(text: &str) -> Result<Self, InvalidText> {
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(InvalidText("must be visible ASCII characters without spaces"));
        }
        if text.len() < Self::MIN_CHARACTERS {
            return Err(InvalidText("must have at least 16 characters"));
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(Self::MASK)
    }
}
