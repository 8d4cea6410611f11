//! What is said about a secret that was found: everything but the secret.

use std::fmt;
use std::ops::Range;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Tells findings of the same secret from others: 32 bits of a SHA-256 over it.
///
/// So few on purpose: with more, a guessed password could be confirmed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint([u8; 4]);

impl Fingerprint {
    pub(super) fn of(secret: &[u8]) -> Self {
        let mut hasher = Sha256::new_with_prefix(b"jct-secret-fingerprint-v1\0");
        hasher.update(secret);
        let [a, b, c, d, ..] = <[u8; 32]>::from(hasher.finalize());
        Self([a, b, c, d])
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A secret in some bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretMatch {
    /// The rule that found it.
    pub rule: &'static str,
    /// Where it stands; what [`super::Scanner::redact`] would replace.
    pub range: Range<usize>,
    /// The line it begins in, from 1.
    pub line: u64,
    /// Which secret it is.
    pub fingerprint: Fingerprint,
}

/// Where a secret was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SecretPlace {
    /// In what the work changed.
    Diff,
    /// In a commit's message or author.
    Commit,
    /// In what the work printed.
    Log,
    /// In a file that the work left.
    Artifact,
    /// In the result that the work reported.
    Output,
}

impl SecretPlace {
    /// The name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Diff => "diff",
            Self::Commit => "commit",
            Self::Log => "log",
            Self::Artifact => "artifact",
            Self::Output => "output",
        }
    }
}

impl fmt::Display for SecretPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A secret that was found, for people and for the record.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SecretFinding {
    /// Where.
    pub place: SecretPlace,
    /// The file, as the repository or the trace folder names it.
    pub file: String,
    /// The line, from 1; 0 where there are no lines.
    pub line: u64,
    /// The rule that found it.
    pub rule: String,
    /// Tells the same secret in two places from two secrets.
    pub fingerprint: String,
}

impl SecretFinding {
    /// A match in a file.
    #[must_use]
    pub fn new(place: SecretPlace, file: &str, found: &SecretMatch) -> Self {
        Self {
            place,
            file: file.to_owned(),
            line: found.line,
            rule: found.rule.to_owned(),
            fingerprint: found.fingerprint.to_string(),
        }
    }
}

impl fmt::Display for SecretFinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { place, file, line, rule, fingerprint } = self;
        write!(f, "{rule} in {place} `{file}` line {line} ({fingerprint})")
    }
}
