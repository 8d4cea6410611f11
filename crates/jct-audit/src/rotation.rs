//! The change from one key to the next, said by the old key: whoever trusts the first key can follow to today's.

use jct_contract::Timestamp;

use crate::statement::{Lines, private};
use crate::{InvalidStatement, KeyId, Origin, PublicKey, Signed, SigningKey, Statement};

const KIND: &str = "jct-audit-key-rotation-v1";

/// From here on another key signs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRotation {
    /// The tower.
    pub origin: Origin,
    /// The key that signed so far, and signs this.
    pub old_key: KeyId,
    /// The key that signs from now on.
    pub new_key: PublicKey,
    /// When.
    pub at: Timestamp,
    /// The number of the last checkpoint that the old key signed; 0 if there is none.
    ///
    /// A checkpoint with a higher number counts only under the new key: a key that was retired because it leaked
    /// cannot go on.
    pub after_checkpoint: u64,
}

/// A rotation with its signature.
pub type SignedRotation = Signed<KeyRotation>;

impl KeyRotation {
    /// The rotation from `old` to `new_key`, signed by `old`.
    #[must_use]
    pub fn sign(
        origin: Origin,
        old: &SigningKey,
        new_key: PublicKey,
        at: Timestamp,
        after_checkpoint: u64,
    ) -> SignedRotation {
        Signed::sign(Self { origin, old_key: old.public().id(), new_key, at, after_checkpoint }, old)
    }
}

impl private::Sealed for KeyRotation {}

impl Statement for KeyRotation {
    fn body(&self) -> String {
        // Taken apart in full, so that a new field cannot be forgotten here.
        let Self { origin, old_key, new_key, at, after_checkpoint } = self;
        format!(
            "{KIND}\norigin {origin}\nold-key {old_key}\nnew-key {new_key}\nat {at}\nafter-checkpoint {after_checkpoint}\n"
        )
    }

    fn from_body(body: &str) -> Result<Self, InvalidStatement> {
        let mut lines = Lines::of(body, KIND)?;
        Ok(Self {
            origin: lines.value("origin")?,
            old_key: lines.value("old-key")?,
            new_key: lines.value("new-key")?,
            at: lines.value("at")?,
            after_checkpoint: lines.value("after-checkpoint")?,
        })
    }

    fn origin(&self) -> &Origin {
        &self.origin
    }
}
