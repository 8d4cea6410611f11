//! What a manifest is known by: the digest of its exact bytes, so that drift between submission and start shows.

use std::fmt;
use std::str::FromStr;

use jct_contract::{InvalidDigest, Sha256Digest};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// SHA-256 over the bytes of a manifest exactly as they were handed in; its text form is `sha256:` and 64 lower-case
/// hexadecimal digits. Other line ends, or a missing last one, are other bytes and another hash.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ManifestHash(String);

/// The text is not `sha256:` followed by 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a manifest hash is `sha256:` followed by 64 lower-case hexadecimal digits")]
pub struct InvalidManifestHash;

impl ManifestHash {
    /// The hash of these bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256Digest::of(bytes).to_string())
    }

    /// The text form.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<Sha256Digest> for ManifestHash {
    fn from(digest: Sha256Digest) -> Self {
        Self(digest.to_string())
    }
}

impl fmt::Display for ManifestHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for ManifestHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for ManifestHash {
    type Err = InvalidManifestHash;

    fn from_str(text: &str) -> Result<Self, InvalidManifestHash> {
        let digest: Sha256Digest = text.parse().map_err(|_: InvalidDigest| InvalidManifestHash)?;
        Ok(digest.into())
    }
}

impl Serialize for ManifestHash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for ManifestHash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}
