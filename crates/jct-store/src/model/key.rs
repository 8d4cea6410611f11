//! API keys: names, scopes and the digest of the secret, never the secret.

use jct_contract::{ApiKeyId, Principal, Sha256Digest, Timestamp};

/// A key to be kept.
#[derive(Clone, Debug)]
pub struct NewApiKey {
    /// The principal the key stands for; the name is unique.
    pub principal: Principal,
    /// What it may do.
    pub scopes: Vec<String>,
    /// SHA-256 of the key.
    pub key_digest: Sha256Digest,
    /// From when on it is refused.
    pub expires_at: Option<Timestamp>,
    /// Who made it.
    pub created_by: Principal,
}

/// A kept key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiKeyRecord {
    /// The row's id.
    pub id: ApiKeyId,
    /// The principal the key stands for.
    pub principal: Principal,
    /// What it may do.
    pub scopes: Vec<String>,
    /// SHA-256 of the key.
    pub key_digest: Sha256Digest,
    /// Who made it.
    pub created_by: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// From when on it is refused.
    pub expires_at: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
}

impl ApiKeyRecord {
    /// Whether the key counts at `now`.
    #[must_use]
    pub fn is_valid_at(&self, now: Timestamp) -> bool {
        self.revoked_at.is_none() && self.expires_at.is_none_or(|end| now < end)
    }
}
