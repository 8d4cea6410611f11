//! What somebody holds outside the database: the checkpoint file, or single checkpoints.

use std::collections::BTreeMap;

use super::Problem;
use super::finding::Findings;
use crate::{AnchorFile, AnchorLine, Leaves, Origin, PublicKey, SignedCheckpoint, SignedRotation};

/// Copies from outside the database.
#[derive(Clone, Debug)]
pub struct Outside {
    lines: Vec<AnchorLine>,
    is_file: bool,
}

impl Outside {
    /// The tower's checkpoint file. It must hold every checkpoint from its first to its last.
    #[must_use]
    pub fn file(file: AnchorFile) -> Self {
        Self { lines: file.lines, is_file: true }
    }

    /// Single checkpoints that somebody kept.
    #[must_use]
    pub fn kept(checkpoints: impl IntoIterator<Item = SignedCheckpoint>) -> Self {
        let line = |text| AnchorLine::Checkpoint { text, leaves: None };
        Self { lines: checkpoints.into_iter().map(line).collect(), is_file: false }
    }

    /// Sorts the lines by what they say.
    pub(super) fn sort(self, origin: &Origin, findings: &mut Findings) -> Sorted {
        let mut sorted = Sorted::default();
        for line in self.lines {
            match line {
                AnchorLine::Key { origin: other, public_key, .. } => {
                    if other != *origin || sorted.first_key.is_some_and(|key| key != public_key) {
                        findings.add(
                            Problem::FirstKeyDiffers,
                            super::Subject::Keys,
                            None,
                            Some(public_key.to_string()),
                        );
                    }
                    sorted.first_key.get_or_insert(public_key);
                }
                AnchorLine::Rotation { text } => sorted.rotations.push(text),
                AnchorLine::Checkpoint { text, leaves } => sorted.add(text, leaves.as_deref(), findings),
            }
        }
        if self.is_file {
            sorted.look_for_gaps(findings);
        }
        sorted
    }
}

/// The same, by what it says.
#[derive(Debug, Default)]
pub(super) struct Sorted {
    pub(super) first_key: Option<PublicKey>,
    pub(super) rotations: Vec<SignedRotation>,
    pub(super) checkpoints: BTreeMap<u64, (SignedCheckpoint, Option<Leaves>)>,
}

impl Sorted {
    fn add(&mut self, text: SignedCheckpoint, leaves: Option<&str>, findings: &mut Findings) {
        let number = text.statement().number;
        let leaves = leaves.and_then(|leaves| {
            let leaves = leaves.parse().ok().filter(|leaves| text.statement().seals(leaves));
            if leaves.is_none() {
                findings.checkpoint(Problem::LeavesDiffer, number);
            }
            leaves
        });
        if self.checkpoints.get(&number).is_some_and(|(other, _)| *other != text) {
            findings.checkpoint(Problem::CheckpointDuplicated, number);
        }
        self.checkpoints.entry(number).or_insert((text, leaves));
    }

    fn look_for_gaps(&self, findings: &mut Findings) {
        let numbers = self.checkpoints.keys();
        for (before, after) in numbers.clone().zip(numbers.skip(1)) {
            let expected = before.saturating_add(1);
            if *after != expected {
                let subject = super::Subject::Checkpoint { number: *after };
                findings.add(Problem::OutsideCopyMissing, subject, Some(expected.to_string()), Some(after.to_string()));
            }
        }
    }
}
