//! Which key signs which checkpoint: the first key and the rotations that lead on from it.

use super::finding::Findings;
use super::{Problem, Subject};
use crate::{Origin, PublicKey, SignedRotation};

/// One key and where it starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Era {
    key: PublicKey,
    /// It signs the checkpoints with a higher number than this.
    after: u64,
}

/// The keys of a tower, oldest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct KeyHistory(Vec<Era>);

impl KeyHistory {
    /// Follows the rotations as far as each is signed by the key before it.
    pub(super) fn follow(
        first: PublicKey,
        rotations: &[SignedRotation],
        origin: &Origin,
        findings: &mut Findings,
    ) -> Self {
        let mut current = Era { key: first, after: 0 };
        let mut eras = vec![current];
        let mut last = None;
        for rotation in rotations {
            // A file may hold a line twice, when the first attempt to write it was not known to have worked.
            if last == Some(rotation) {
                continue;
            }
            let said = rotation.statement();
            let sound = said.origin == *origin
                && said.old_key == current.key.id()
                && said.after_checkpoint >= current.after
                && rotation.verify(&current.key).is_ok();
            if !sound {
                let found = Some(format!("{} at {}", said.new_key.id(), said.at));
                findings.add(Problem::RotationInvalid, Subject::Keys, None, found);
                break;
            }
            current = Era { key: said.new_key, after: said.after_checkpoint };
            eras.push(current);
            last = Some(rotation);
        }
        Self(eras)
    }

    /// The key that signs the checkpoint, and how many keys came before it.
    pub(super) fn signer(&self, number: u64) -> Option<(usize, &PublicKey)> {
        let (place, era) = self.0.iter().enumerate().rev().find(|(_, era)| era.after < number)?;
        Some((place, &era.key))
    }

    /// How many keys came before this one.
    pub(super) fn place(&self, key: &PublicKey) -> Option<usize> {
        self.0.iter().position(|era| era.key == *key)
    }

    pub(super) fn knows(&self, id: crate::KeyId) -> bool {
        self.0.iter().any(|era| era.key.id() == id)
    }

    pub(super) fn is_longer_than(&self, other: &Self) -> bool {
        self.0.len() > other.0.len()
    }

    /// Whether both tell the same as far as both go.
    pub(super) fn agrees_with(&self, other: &Self) -> bool {
        self.0.iter().zip(&other.0).all(|(mine, theirs)| mine == theirs)
    }
}
