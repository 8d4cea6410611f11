//! What a file of a job is called: a relative path for people and programs, that is never used as one here.

use std::fmt;
use std::str::FromStr;

/// Longest name, in characters.
const MAX_CHARS: usize = 512;

/// The name of a file of a job: a relative path with `/` between its parts, 1 to 512 characters in all.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ArtifactName(String);

/// The text is no name for a file of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the name of an artifact is a relative path of 1 to {MAX_CHARS} characters, without empty parts, `.`, `..`, backslashes and \
     control characters"
)]
pub struct InvalidArtifactName;

impl ArtifactName {
    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ArtifactName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for ArtifactName {
    type Err = InvalidArtifactName;

    fn from_str(text: &str) -> Result<Self, InvalidArtifactName> {
        let is_part = |part: &str| !matches!(part, "" | "." | "..");
        let is_plain = |c: char| c != '\\' && !c.is_control();
        if text.chars().count() <= MAX_CHARS && text.chars().all(is_plain) && text.split('/').all(is_part) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidArtifactName)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, is_name: bool) {
        assert_eq!(text.parse::<ArtifactName>().is_ok(), is_name, "{text:?}");
    }

    #[test]
    fn a_name_is_a_relative_path() {
        for good in ["report.json", "logs/run 1.txt", "größe.md", "...", "a/.hidden", &"x".repeat(512)] {
            check(good, true);
        }
        for bad in [
            "",
            "/",
            "/etc/passwd",
            "..",
            "a/../b",
            "./a",
            ".",
            "a//b",
            "a/",
            "a\\b",
            "a\0b",
            "a\nb",
            "\u{7f}",
            &"x".repeat(513),
        ] {
            check(bad, false);
        }
    }
}
