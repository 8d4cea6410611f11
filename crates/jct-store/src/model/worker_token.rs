//! Tokens of workers that come over HTTP: what each may do and the digest of the secret, never the secret.

use jct_contract::{CapabilitySet, JobType, Principal, Sha256Digest, Timestamp, WorkerId};

/// A token to be kept.
#[derive(Clone, Debug)]
pub struct NewWorkerToken {
    /// Its id, and that of the worker that uses it.
    pub id: WorkerId,
    /// The name under which the worker is shown.
    pub worker_name: String,
    /// For people.
    pub description: Option<String>,
    /// SHA-256 of the token.
    pub token_digest: Sha256Digest,
    /// The only types of job that it may take; `None` for all.
    pub types: Option<Vec<JobType>>,
    /// The only repositories that its jobs may be about, each an owner or a whole name in normal form; `None` for all.
    pub repositories: Option<Vec<String>>,
    /// What the worker has; `None` if it says so itself.
    pub capabilities: Option<CapabilitySet>,
    /// Who made it.
    pub created_by: Principal,
    /// From when on it is refused.
    pub expires_at: Option<Timestamp>,
}

/// A kept token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkerTokenRecord {
    /// Its id, and that of the worker that uses it.
    pub id: WorkerId,
    /// The name under which the worker is shown.
    pub worker_name: String,
    /// For people.
    pub description: Option<String>,
    /// The only types of job that it may take; `None` for all.
    pub types: Option<Vec<JobType>>,
    /// The only repositories that its jobs may be about; `None` for all.
    pub repositories: Option<Vec<String>>,
    /// What the worker has; `None` if it says so itself.
    pub capabilities: Option<CapabilitySet>,
    /// Who made it.
    pub created_by: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// From when on it is refused.
    pub expires_at: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
    /// When it was last noted that somebody used it.
    pub last_used_at: Option<Timestamp>,
}

impl WorkerTokenRecord {
    /// Whether the token counts at `now`.
    #[must_use]
    pub fn is_valid_at(&self, now: Timestamp) -> bool {
        self.revoked_at.is_none() && self.expires_at.is_none_or(|end| now < end)
    }
}
