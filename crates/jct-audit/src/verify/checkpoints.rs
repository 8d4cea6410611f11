//! The checkpoints among themselves: numbers, links, signatures, and which of them somebody outside vouches for.

use std::collections::{BTreeMap, BTreeSet};

use super::finding::Findings;
use super::keys::KeyHistory;
use super::{Problem, Scope, Subject};
use crate::{Origin, SignedCheckpoint};

/// A checkpoint and where it was found.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) signed: SignedCheckpoint,
    pub(super) inside: bool,
    pub(super) outside: bool,
}

/// All known checkpoints by number, those from inside where both sides have one.
#[derive(Debug, Default)]
pub(super) struct Checkpoints(pub(super) BTreeMap<u64, Known>);

/// What checkpoints are judged by.
pub(super) struct Rules<'a> {
    pub(super) origin: &'a Origin,
    pub(super) scope: Scope,
    pub(super) keys: Option<&'a KeyHistory>,
    /// The place of the pinned key among the keys.
    pub(super) pinned: Option<usize>,
}

impl Checkpoints {
    /// The highest number from inside; 0 if there is none.
    pub(super) fn last_inside(&self) -> u64 {
        self.0.iter().rev().find(|(_, known)| known.inside).map_or(0, |(number, _)| *number)
    }

    /// Whether the checkpoint after this one is known and names it.
    fn is_named_by_next(&self, number: u64, known: &Known) -> bool {
        let next = number.checked_add(1).and_then(|next| self.0.get(&next));
        next.is_some_and(|next| next.signed.statement().previous == Some(known.signed.digest()))
    }

    /// Looks at each and reports what is wrong; answers with the numbers that are vouched for outside.
    pub(super) fn judge(&self, rules: &Rules<'_>, findings: &mut Findings) -> BTreeSet<u64> {
        if rules.scope == Scope::Whole {
            self.look_for_gaps(findings);
        }
        let mut trusted_next = false;
        let mut anchored = BTreeSet::new();
        for (number, known) in self.0.iter().rev() {
            let signer = self.judge_one(*number, known, rules, findings);
            let named = self.is_named_by_next(*number, known);
            // A pinned key speaks for what it and the keys after it signed, and for everything that those name.
            let by_key = signer.is_some_and(|place| rules.pinned.is_none_or(|pinned| place >= pinned));
            let trusted = by_key || (named && trusted_next);
            if signer.is_some() && !trusted {
                findings.checkpoint(Problem::KeyNotVouched, *number);
            }
            trusted_next = trusted;
            if known.outside || (named && number.checked_add(1).is_some_and(|next| anchored.contains(&next))) {
                anchored.insert(*number);
            }
        }
        anchored
    }

    /// Looks at one; answers with the place of the key that signed it, if it did.
    fn judge_one(&self, number: u64, known: &Known, rules: &Rules<'_>, findings: &mut Findings) -> Option<usize> {
        let said = known.signed.statement();
        if said.origin != *rules.origin {
            let (expected, found) = (Some(rules.origin.to_string()), Some(said.origin.to_string()));
            findings.add(Problem::OriginDiffers, Subject::Checkpoint { number }, expected, found);
        }
        let before = number.checked_sub(1).and_then(|before| self.0.get(&before));
        let follows = match (number, before, said.previous) {
            (0, _, _) => false,
            (1, _, previous) => previous.is_none(),
            (_, None, previous) => previous.is_some(),
            (_, Some(before), previous) => previous == Some(before.signed.digest()),
        };
        if !follows {
            findings.checkpoint(Problem::LinkBroken, number);
        }
        let key_id = known.signed.key_id();
        let Some((keys, (place, key))) = rules.keys.and_then(|keys| Some((keys, keys.signer(number)?))) else {
            findings.add(Problem::KeyUnknown, Subject::Checkpoint { number }, None, Some(key_id.to_string()));
            return None;
        };
        let problem = if key.id() == key_id {
            known.signed.verify(key).err().map(|_| Problem::SignatureInvalid)
        } else if keys.knows(key_id) {
            Some(Problem::KeyNotInForce)
        } else {
            Some(Problem::KeyUnknown)
        };
        let Some(problem) = problem else { return Some(place) };
        let (expected, found) = (Some(key.id().to_string()), Some(key_id.to_string()));
        findings.add(problem, Subject::Checkpoint { number }, expected, found);
        None
    }

    /// Numbers without a checkpoint, up to the last from inside. What is missing after it is judged with the entries.
    fn look_for_gaps(&self, findings: &mut Findings) {
        let mut expected = 1;
        for (number, _) in self.0.iter().filter(|(_, known)| known.inside) {
            if *number > expected {
                let subject = Subject::Checkpoint { number: *number };
                findings.add(Problem::CheckpointMissing, subject, Some(expected.to_string()), Some(number.to_string()));
            }
            expected = number.saturating_add(1);
        }
    }

    /// How many entries all of them cover together; `None` if a number is missing.
    pub(super) fn entries(&self) -> Option<u64> {
        let mut sum = 0_u64;
        for ((number, known), expected) in self.0.iter().zip(1_u64..) {
            if *number != expected {
                return None;
            }
            sum = sum.saturating_add(known.signed.statement().entries);
        }
        Some(sum)
    }
}
