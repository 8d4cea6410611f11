//! What a verification found, for programs by name and for people as a sentence.

use std::fmt;

use super::Verdict;

macro_rules! problems {
    ($($(#[$doc:meta])+ $variant:ident $name:literal $verdict:ident $sentence:literal;)+) => {
        /// What is wrong.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Problem {
            $($(#[$doc])+ $variant,)+
        }

        impl Problem {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The stable name.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }

            /// What it makes of the whole.
            #[must_use]
            pub const fn verdict(self) -> Verdict {
                match self { $(Self::$variant => Verdict::$verdict),+ }
            }

            const fn sentence(self) -> &'static str {
                match self { $(Self::$variant => $sentence),+ }
            }
        }
    };
}

problems! {
    /// The entry's hash does not follow from its fields.
    ContentChanged "content_changed" Altered "its content is not what was hashed";
    /// The entry names another hash than that of the entry before it.
    DoesNotFollow "does_not_follow" Altered "it does not follow the entry before it";
    /// Numbers are left out in the middle of a chain.
    EntryMissing "entry_missing" Altered "entries are missing before it";
    /// A number was used twice.
    EntryDuplicated "entry_duplicated" Altered "another entry has the same number";
    /// The entry carries no usable hash.
    HashMissing "hash_missing" Altered "it carries no usable hash";
    /// The row cannot be read as an entry.
    EntryUnreadable "entry_unreadable" Altered "it cannot be read as an entry";
    /// The chain fits in itself, but a checkpoint sealed another one.
    DiffersFromCheckpoint "differs_from_checkpoint" Altered "a checkpoint sealed another entry in its place";
    /// A genuine entry stands in another one's place.
    EntryMoved "entry_moved" Reordered "it is a genuine entry in the place of another";
    /// A genuine entry comes after a later one.
    OutOfOrder "out_of_order" Reordered "it comes after entries that follow it";
    /// The entries of an entity are not together.
    EntityDivided "entity_divided" Reordered "entries of other entities stand between those of this one";
    /// A checkpoint knows a longer chain.
    TailMissing "tail_missing" Truncated "the chain ends here, but a checkpoint sealed a longer one";
    /// A checkpoint knows a chain of which nothing is left.
    EntityMissing "entity_missing" Truncated "nothing is left of a chain that a checkpoint sealed";
    /// The outside copy knows checkpoints over entries that are no longer there.
    LogRolledBack "log_rolled_back" Truncated "the outside copy knows a later state: an older copy was restored";
    /// The bundle stops before its end.
    BundleTorn "bundle_torn" Truncated "the bundle stops before its end";
    /// A stored checkpoint is no signed text of that kind.
    CheckpointUnreadable "checkpoint_unreadable" CheckpointBroken "it is not a signed checkpoint";
    /// A number has no checkpoint.
    CheckpointMissing "checkpoint_missing" CheckpointBroken "checkpoints are missing";
    /// A number has two checkpoints.
    CheckpointDuplicated "checkpoint_duplicated" CheckpointBroken "there are two different checkpoints of this number";
    /// The checkpoint belongs to another tower.
    OriginDiffers "origin_differs" CheckpointBroken "it speaks of another tower";
    /// The signature does not fit.
    SignatureInvalid "signature_invalid" CheckpointBroken "its signature does not fit its text";
    /// Signed by a key that is none of the tower's.
    KeyUnknown "key_unknown" CheckpointBroken "it is signed by a key that is none of the tower's";
    /// Signed by a key that was not in force for this number.
    KeyNotInForce "key_not_in_force" CheckpointBroken "it is signed by a key that was not in force for it";
    /// Nothing leads from the pinned key to it.
    KeyNotVouched "key_not_vouched" CheckpointBroken "nothing leads from the pinned key to it";
    /// The pinned key is none of the tower's.
    PinnedKeyUnknown "pinned_key_unknown" CheckpointBroken "the pinned key is none of the tower's";
    /// The outside copy starts with another key.
    FirstKeyDiffers "first_key_differs" CheckpointBroken "the outside copy names other keys";
    /// A rotation cannot be read or is not signed by the key before it.
    RotationInvalid "rotation_invalid" CheckpointBroken "a key rotation is not signed by the key before it";
    /// The outside copy knows a rotation that is no longer there.
    RotationMissing "rotation_missing" CheckpointBroken "the outside copy knows a later key rotation";
    /// The checkpoint names another one before it.
    LinkBroken "link_broken" CheckpointBroken "it does not name the checkpoint before it";
    /// The stored leaves are not those that were sealed.
    LeavesDiffer "leaves_differ" CheckpointBroken "its leaves are not those that it sealed";
    /// An inclusion proof does not lead to the root.
    ProofInvalid "proof_invalid" CheckpointBroken "an inclusion proof does not lead to its root";
    /// The outside copy holds another text under this number.
    OutsideCopyDiffers "outside_copy_differs" CheckpointBroken "the outside copy holds another text";
    /// The outside file has lost lines.
    OutsideCopyMissing "outside_copy_missing" CheckpointBroken "checkpoints are missing from the outside copy";
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a finding is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// One entry, or the end of a chain.
    Entry {
        /// The kind of the entity.
        entity_kind: String,
        /// The entity.
        entity_id: String,
        /// The entry's number.
        seq: u64,
    },
    /// One checkpoint.
    Checkpoint {
        /// Its number.
        number: u64,
    },
    /// The tower's keys.
    Keys,
    /// The log as a whole.
    Log,
}

/// One thing that is wrong. Its text form is a sentence for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What is wrong.
    pub problem: Problem,
    /// With what.
    pub subject: Subject,
    /// What should have been there.
    pub expected: Option<String>,
    /// What was there.
    pub found: Option<String>,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.subject {
            Subject::Entry { entity_kind, entity_id, seq } => write!(f, "{entity_kind} {entity_id}, entry {seq}: ")?,
            Subject::Checkpoint { number } => write!(f, "checkpoint {number}: ")?,
            Subject::Keys => write!(f, "keys: ")?,
            Subject::Log => write!(f, "log: ")?,
        }
        f.write_str(self.problem.sentence())?;
        match (&self.expected, &self.found) {
            (Some(expected), Some(found)) => write!(f, " (expected {expected}, found {found})"),
            (Some(expected), None) => write!(f, " (expected {expected})"),
            (None, Some(found)) => write!(f, " (found {found})"),
            (None, None) => Ok(()),
        }
    }
}

/// A hostile log can be wrong in every row: beyond this many, findings are counted only.
const MOST_KEPT: usize = 1_000;

/// The findings so far.
#[derive(Debug, Default)]
pub(super) struct Findings {
    pub(super) kept: Vec<Finding>,
    pub(super) left_out: u64,
    pub(super) worst: Option<Verdict>,
}

impl Findings {
    pub(super) fn add(&mut self, problem: Problem, subject: Subject, expected: Option<String>, found: Option<String>) {
        self.worst = self.worst.max(Some(problem.verdict()));
        if self.kept.len() < MOST_KEPT {
            self.kept.push(Finding { problem, subject, expected, found });
        } else {
            self.left_out += 1;
        }
    }

    pub(super) fn checkpoint(&mut self, problem: Problem, number: u64) {
        self.add(problem, Subject::Checkpoint { number }, None, None);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_only_real_problems_have_one() {
        let mut names: Vec<&str> = Problem::ALL.iter().map(|problem| problem.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Problem::ALL.len());
        assert!(Problem::ALL.iter().all(|problem| problem.verdict() >= Verdict::Altered));
    }

    #[test]
    fn a_finding_is_a_sentence() {
        let subject = Subject::Entry { entity_kind: "task".to_owned(), entity_id: "a".to_owned(), seq: 3 };
        let (expected, found) = (Some("1".to_owned()), Some("2".to_owned()));
        let finding = Finding { problem: Problem::DoesNotFollow, subject, expected, found };
        assert_eq!(
            finding.to_string(),
            "task a, entry 3: it does not follow the entry before it (expected 1, found 2)"
        );
    }

    #[test]
    fn findings_are_bounded_and_the_worst_still_counts() {
        let mut findings = Findings::default();
        for number in 0..1_000 {
            findings.add(Problem::EntryMoved, Subject::Checkpoint { number }, None, None);
        }
        findings.checkpoint(Problem::LinkBroken, 1);
        assert_eq!((findings.kept.len(), findings.left_out), (1_000, 1));
        assert_eq!(findings.worst, Some(Verdict::CheckpointBroken));
    }
}
