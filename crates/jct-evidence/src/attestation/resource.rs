//! Things that a statement is about: a commit, or the bytes of a file.

use std::fmt;
use std::str::FromStr;

use jct_contract::Sha256Digest;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A thing and the digest that says which version of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resource {
    /// What it is called: `owner/name` for a commit, the path in the trace folder for a file.
    pub name: String,
    /// Which version.
    pub digest: ResourceDigest,
}

/// The digest of a thing, in the words of in-toto.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ResourceDigest {
    /// A commit of git.
    #[serde(rename = "gitCommit")]
    GitCommit(CommitId),
    /// The bytes of a file; without the prefix that digests have elsewhere.
    #[serde(rename = "sha256", with = "bare")]
    Sha256(Sha256Digest),
}

/// The id of a commit: 40 or 64 lower-case hexadecimal digits.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CommitId(String);

/// The text is not the id of a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the id of a commit is 40 or 64 lower-case hexadecimal digits")]
pub struct InvalidCommitId;

impl CommitId {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for CommitId {
    type Err = InvalidCommitId;

    fn from_str(text: &str) -> Result<Self, InvalidCommitId> {
        let is_digit = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'a'..=b'f');
        if matches!(text.len(), 40 | 64) && text.bytes().all(is_digit) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidCommitId)
        }
    }
}

impl fmt::Display for CommitId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for CommitId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for CommitId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for CommitId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// Digests without `sha256:`.
mod bare {
    use jct_contract::Sha256Digest;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(digest: &Sha256Digest, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&hex::encode(digest.as_bytes()))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Sha256Digest, D::Error> {
        let digits = String::deserialize(deserializer)?;
        format!("sha256:{digits}").parse().map_err(serde::de::Error::custom)
    }
}
