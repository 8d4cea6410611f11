//! The admission: which policy, over which exact input, let this task in.

use std::fmt;
use std::str::FromStr;

use jct_contract::{NormalizedTask, Sha256Digest};
use serde::{Serialize, Serializer};
use sha2::{Digest, Sha256};
use uuid::{Builder, Uuid};

/// Keeps ids of decisions apart from any other digest of the same two values.
const DOMAIN: &[u8] = b"jct-decision-v1\0";

/// Names one decision: the same task under the same policy is the same decision.
///
/// The gate has neither clock nor randomness, so the id is derived: a UUID of version 8 (RFC 9562) from the first 16
/// bytes of SHA-256 over `jct-decision-v1`, a zero byte, the policy digest and the input digest. Whoever holds the two
/// digests can compute it again, which makes a forged admission record visible. Tasks of equal content admitted under
/// one policy share it: it identifies a decision, not a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DecisionId(Uuid);

/// The text is not a decision id: 36 characters, lower case, hyphenated UUID.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a decision id in canonical UUID form")]
pub struct InvalidDecisionId;

impl DecisionId {
    /// The id of the decision to admit the input under the policy.
    #[must_use]
    pub fn derive(policy: Sha256Digest, input: Sha256Digest) -> Self {
        let mut hash = Sha256::new();
        hash.update(DOMAIN);
        hash.update(policy.as_bytes());
        hash.update(input.as_bytes());
        let digest: [u8; 32] = hash.finalize().into();
        let [b0, b1, b2, b3, b4, b5, b6, b7, b8, b9, b10, b11, b12, b13, b14, b15, ..] = digest;
        let bytes = [b0, b1, b2, b3, b4, b5, b6, b7, b8, b9, b10, b11, b12, b13, b14, b15];
        Self(Builder::from_custom_bytes(bytes).into_uuid())
    }

    /// The id as a plain UUID, for databases.
    #[must_use]
    pub const fn as_uuid(self) -> Uuid {
        self.0
    }

    /// Takes any UUID as a decision id, for values that come back from a database.
    #[must_use]
    pub const fn from_uuid(id: Uuid) -> Self {
        Self(id)
    }
}

impl fmt::Display for DecisionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.as_hyphenated().fmt(f)
    }
}

impl FromStr for DecisionId {
    type Err = InvalidDecisionId;

    fn from_str(text: &str) -> Result<Self, InvalidDecisionId> {
        let id = Uuid::try_parse(text).map_err(|_| InvalidDecisionId)?;
        if id.as_hyphenated().to_string() == text { Ok(Self(id)) } else { Err(InvalidDecisionId) }
    }
}

impl Serialize for DecisionId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A task that the gate let in. Only the gate makes one, so that holding it proves the admission.
#[derive(Clone, Debug, PartialEq)]
pub struct AdmittedTask {
    task: NormalizedTask,
    policy_digest: Sha256Digest,
    decision_id: DecisionId,
}

impl AdmittedTask {
    pub(crate) fn new(task: NormalizedTask, policy_digest: Sha256Digest) -> Self {
        let decision_id = DecisionId::derive(policy_digest, task.digest());
        Self { task, policy_digest, decision_id }
    }

    /// The task in its one spelling.
    #[must_use]
    pub const fn task(&self) -> &NormalizedTask {
        &self.task
    }

    /// The task alone; the proof of admission is lost.
    #[must_use]
    pub fn into_task(self) -> NormalizedTask {
        self.task
    }

    /// Names this decision.
    #[must_use]
    pub const fn decision_id(&self) -> DecisionId {
        self.decision_id
    }

    /// SHA-256 of the canonical policy that admitted the task.
    #[must_use]
    pub const fn policy_digest(&self) -> Sha256Digest {
        self.policy_digest
    }

    /// SHA-256 of the canonical task that was admitted.
    #[must_use]
    pub const fn input_digest(&self) -> Sha256Digest {
        self.task.digest()
    }
}
