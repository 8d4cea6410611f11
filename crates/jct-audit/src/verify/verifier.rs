//! The first half of a verification: the keys and checkpoints. The entries come after, one at a time.

use std::collections::BTreeMap;

use super::checkpoints::{Checkpoints, Known, Rules};
use super::entries::Ground;
use super::finding::Findings;
use super::keys::KeyHistory;
use super::leaf_index::LeafIndex;
use super::outside::Sorted;
use super::{EntryVerifier, Outside, Problem, Subject};
use crate::{ChainHead, InclusionProof, Leaves, Origin, PublicKey, SignedCheckpoint, SignedRotation};

/// How much of a log is verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    /// All of it: every checkpoint must be there and every entity that they name.
    Whole,
    /// Some entities, each with its whole chain. That nothing else was there cannot be told.
    Part,
}

/// Takes what is known about a log: first keys, then checkpoints, and then, by [`Self::entries`], the entries.
///
/// Memory grows with the number of checkpoints and of leaves, not with that of entries.
#[derive(Debug)]
pub struct Verifier {
    origin: Origin,
    scope: Scope,
    pinned: Option<PublicKey>,
    outside: Option<Outside>,
    first_key: Option<PublicKey>,
    rotations: Vec<SignedRotation>,
    inside: BTreeMap<u64, SignedCheckpoint>,
    index: LeafIndex,
    findings: Findings,
}

impl Verifier {
    /// A verification of the log of the tower `origin`.
    #[must_use]
    pub fn new(origin: Origin, scope: Scope) -> Self {
        Self {
            origin,
            scope,
            pinned: None,
            outside: None,
            first_key: None,
            rotations: Vec::new(),
            inside: BTreeMap::new(),
            index: LeafIndex::default(),
            findings: Findings::default(),
        }
    }

    /// Trusts this key and those that it leads to, whatever keys the log names.
    #[must_use]
    pub fn pin(mut self, key: PublicKey) -> Self {
        self.pinned = Some(key);
        self
    }

    /// Compares with copies from outside the database.
    #[must_use]
    pub fn outside(mut self, outside: Outside) -> Self {
        self.outside = Some(outside);
        self
    }

    /// The tower's first key, as stored.
    pub fn first_key(&mut self, key: PublicKey) {
        self.first_key = Some(key);
    }

    /// The next rotation, as stored, in the order in which they were made.
    pub fn rotation(&mut self, text: &str) {
        match text.parse() {
            Ok(rotation) => self.rotations.push(rotation),
            Err(_) => self.findings.add(Problem::RotationInvalid, Subject::Keys, None, None),
        }
    }

    /// A checkpoint as stored, with the text of its leaves.
    pub fn checkpoint(&mut self, text: &str, leaves: &str) {
        let Some((checkpoint, number)) = self.read(text) else { return };
        match leaves.parse::<Leaves>() {
            Ok(leaves) if checkpoint.statement().seals(&leaves) => self.index_all(&leaves, number, true),
            Ok(_) | Err(_) => self.findings.checkpoint(Problem::LeavesDiffer, number),
        }
        self.keep(checkpoint);
    }

    /// A checkpoint as stored, with proofs for some of its leaves in place of them all.
    pub fn checkpoint_with_proofs(&mut self, text: &str, proofs: &[InclusionProof]) {
        let Some((checkpoint, number)) = self.read(text) else { return };
        // The whole log has every leaf: whoever leaves some out has something to hide.
        if self.scope == Scope::Whole && checkpoint.statement().leaves > 0 {
            self.findings.checkpoint(Problem::LeavesDiffer, number);
        }
        for proof in proofs {
            match proof.verify(checkpoint.statement()) {
                Ok(()) => self.index.add(proof.leaf.clone(), number, true),
                Err(_) => self.findings.checkpoint(Problem::ProofInvalid, number),
            }
        }
        self.keep(checkpoint);
    }

    /// Judges keys and checkpoints and goes on to the entries.
    #[must_use]
    pub fn entries(mut self) -> EntryVerifier {
        let outside = self.outside.take().map(|outside| outside.sort(&self.origin, &mut self.findings));
        let outside_copy = outside.is_some();
        let outside = outside.unwrap_or_default();
        let (keys, rotation_missing) = self.keys(&outside);
        let pinned = self.pinned_place(keys.as_ref());
        let checkpoints = self.merge(outside);
        let rules = Rules { origin: &self.origin, scope: self.scope, keys: keys.as_ref(), pinned };
        let anchored = checkpoints.judge(&rules, &mut self.findings);
        EntryVerifier::new(Ground {
            scope: self.scope,
            key_pinned: self.pinned.is_some(),
            outside_copy,
            rotation_missing,
            checkpoints,
            anchored,
            index: self.index,
            findings: self.findings,
        })
    }

    fn read(&mut self, text: &str) -> Option<(SignedCheckpoint, u64)> {
        match text.parse::<SignedCheckpoint>() {
            Ok(checkpoint) => {
                let number = checkpoint.statement().number;
                Some((checkpoint, number))
            }
            Err(reason) => {
                let found = Some(reason.to_string());
                self.findings.add(Problem::CheckpointUnreadable, Subject::Log, None, found);
                None
            }
        }
    }

    fn keep(&mut self, checkpoint: SignedCheckpoint) {
        let number = checkpoint.statement().number;
        if self.inside.insert(number, checkpoint).is_some() {
            self.findings.checkpoint(Problem::CheckpointDuplicated, number);
        }
    }

    fn index_all(&mut self, leaves: &Leaves, number: u64, required: bool) {
        for leaf in leaves.heads() {
            self.index.add(ChainHead::clone(leaf), number, required);
        }
    }

    /// The keys that the log and the outside copy agree on, and whether the log has lost a rotation.
    fn keys(&mut self, outside: &Sorted) -> (Option<KeyHistory>, bool) {
        let (origin, findings) = (&self.origin, &mut self.findings);
        let inside = self.first_key.map(|first| KeyHistory::follow(first, &self.rotations, origin, findings));
        let outside = outside.first_key.map(|first| KeyHistory::follow(first, &outside.rotations, origin, findings));
        match (inside, outside) {
            (Some(inside), Some(outside)) => {
                if !inside.agrees_with(&outside) {
                    findings.add(Problem::FirstKeyDiffers, Subject::Keys, None, None);
                    return (Some(outside), false);
                }
                let missing = outside.is_longer_than(&inside);
                (Some(if missing { outside } else { inside }), missing)
            }
            (None, None) => {
                let pinned = self.pinned.map(|pinned| KeyHistory::follow(pinned, &self.rotations, origin, findings));
                (pinned, false)
            }
            (inside, outside) => (outside.or(inside), false),
        }
    }

    fn pinned_place(&mut self, keys: Option<&KeyHistory>) -> Option<usize> {
        let pinned = self.pinned?;
        let place = keys.and_then(|keys| keys.place(&pinned));
        if place.is_none() {
            self.findings.add(Problem::PinnedKeyUnknown, Subject::Keys, Some(pinned.id().to_string()), None);
        }
        place
    }

    /// Lays both sides on top of each other.
    fn merge(&mut self, outside: Sorted) -> Checkpoints {
        let inside = std::mem::take(&mut self.inside).into_iter();
        let mut all: BTreeMap<u64, Known> =
            inside.map(|(number, signed)| (number, Known { signed, inside: true, outside: false })).collect();
        for (number, (signed, leaves)) in outside.checkpoints {
            if let Some(known) = all.get_mut(&number) {
                known.outside = known.signed == signed;
                if !known.outside {
                    self.findings.checkpoint(Problem::OutsideCopyDiffers, number);
                }
                continue;
            }
            if let Some(leaves) = leaves {
                // In a part, an entity that only the outside copy names may rightly be elsewhere.
                self.index_all(&leaves, number, self.scope == Scope::Whole);
            }
            all.insert(number, Known { signed, inside: false, outside: true });
        }
        Checkpoints(all)
    }
}
