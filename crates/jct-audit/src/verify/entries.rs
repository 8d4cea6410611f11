//! The second half of a verification: the entries, and the conclusion.

use std::collections::BTreeSet;

use super::chain::Chain;
use super::checkpoints::Checkpoints;
use super::finding::Findings;
use super::leaf_index::LeafIndex;
use super::{Problem, Report, Scope, Subject, Verdict};
use crate::StoredEntry;

/// What is known before the first entry.
#[derive(Debug)]
pub(super) struct Ground {
    pub(super) scope: Scope,
    pub(super) key_pinned: bool,
    pub(super) outside_copy: bool,
    pub(super) rotation_missing: bool,
    pub(super) checkpoints: Checkpoints,
    pub(super) anchored: BTreeSet<u64>,
    pub(super) index: LeafIndex,
    pub(super) findings: Findings,
}

/// Takes the entries: those of one entity together, in the order of their numbers.
///
/// The order of the entities does not matter. Beside the leaves, only the suspicious entries of one chain are held.
#[derive(Debug)]
pub struct EntryVerifier {
    ground: Ground,
    chain: Option<(Chain, Cover)>,
    /// Whether a chain lacks entries that a checkpoint sealed which only the outside copy has.
    outside_knows_more: bool,
    entries: u64,
    entities: u64,
    uncovered: u64,
    inside_only: u64,
}

/// How far one chain is covered: up to these numbers.
#[derive(Clone, Copy, Debug)]
struct Cover {
    anchored: u64,
    any: u64,
}

impl EntryVerifier {
    pub(super) fn new(ground: Ground) -> Self {
        Self { ground, chain: None, outside_knows_more: false, entries: 0, entities: 0, uncovered: 0, inside_only: 0 }
    }

    /// Takes the next entry.
    pub fn entry(&mut self, entry: &StoredEntry) {
        self.turn_to(&entry.entity_kind, &entry.entity_id);
        self.count(entry.seq);
        if let Some((chain, _)) = &mut self.chain {
            chain.entry(entry, &mut self.ground.findings);
        }
    }

    /// Takes a row that cannot be read as an entry, for instance one whose id is no id any more.
    pub fn unreadable(&mut self, entity_kind: &str, entity_id: &str, seq: u64, why: &str) {
        self.turn_to(entity_kind, entity_id);
        self.count(seq);
        if let Some((chain, _)) = &mut self.chain {
            chain.unreadable(seq, why, &mut self.ground.findings);
        }
    }

    /// The material stopped before its end.
    pub(crate) fn torn(&mut self) {
        self.ground.findings.add(Problem::BundleTorn, Subject::Log, None, None);
    }

    /// Everything was read: the conclusion.
    #[must_use]
    pub fn finish(mut self) -> Report {
        self.finish_chain();
        self.look_for_missing_entities();
        self.look_for_what_only_outside_knows();
        let Self { ground, entries, entities, uncovered, inside_only, .. } = self;
        let Findings { kept, left_out, worst } = ground.findings;
        let last_anchored = ground.anchored.last().copied();
        let all_anchored = uncovered == 0 && inside_only == 0 && last_anchored.is_some();
        let sound = if all_anchored { Verdict::Intact } else { Verdict::NotYetAnchored };
        Report {
            verdict: worst.unwrap_or(sound),
            findings: kept,
            findings_left_out: left_out,
            entries,
            entities,
            checkpoints: ground.checkpoints.0.len() as u64,
            last_checkpoint: ground.checkpoints.0.keys().next_back().copied(),
            last_anchored,
            uncovered,
            inside_only,
            key_pinned: ground.key_pinned,
            outside_copy: ground.outside_copy,
        }
    }

    /// Ends one chain and begins the next, if the entity is another one.
    fn turn_to(&mut self, kind: &str, id: &str) {
        if self.chain.as_ref().is_some_and(|(chain, _)| chain.is_of(kind, id)) {
            return;
        }
        self.finish_chain();
        let marks = self.ground.index.take(kind, id);
        if marks.is_some() {
            self.entities += 1;
        } else {
            let subject = Subject::Entry { entity_kind: kind.to_owned(), entity_id: id.to_owned(), seq: 0 };
            self.ground.findings.add(Problem::EntityDivided, subject, None, None);
        }
        let chain = Chain::new(kind.to_owned(), id.to_owned(), marks.unwrap_or_default());
        let anchored = chain.covered(|checkpoint| self.ground.anchored.contains(&checkpoint));
        let cover = Cover { anchored, any: chain.covered(|_| true) };
        self.chain = Some((chain, cover));
    }

    fn count(&mut self, seq: u64) {
        self.entries += 1;
        match self.chain.as_ref().map(|(_, cover)| *cover) {
            Some(cover) if seq <= cover.anchored => {}
            Some(cover) if seq <= cover.any => self.inside_only += 1,
            Some(_) | None => self.uncovered += 1,
        }
    }

    fn finish_chain(&mut self) {
        let Some((chain, _)) = self.chain.take() else { return };
        let knows_more = chain.finish(&mut self.ground.findings);
        self.note_missing(knows_more);
    }

    fn note_missing(&mut self, checkpoint: Option<u64>) {
        let last_inside = self.ground.checkpoints.last_inside();
        self.outside_knows_more |= checkpoint.is_some_and(|number| number > last_inside);
    }

    fn look_for_missing_entities(&mut self) {
        let missing: Vec<u64> = self.ground.index.missing().map(|(_, _, mark)| mark.checkpoint).collect();
        for (kind, id, mark) in self.ground.index.missing() {
            let subject = Subject::Entry { entity_kind: kind.to_owned(), entity_id: id.to_owned(), seq: mark.seq };
            let expected = Some(format!("its chain by checkpoint {}", mark.checkpoint));
            self.ground.findings.add(Problem::EntityMissing, subject, expected, None);
        }
        self.note_missing(missing.into_iter().max());
    }

    /// Checkpoints after the last one of the log: was only the checkpoint lost, or everything that it sealed?
    fn look_for_what_only_outside_knows(&mut self) {
        if self.ground.scope == Scope::Part {
            return;
        }
        let (last_inside, findings) = (self.ground.checkpoints.last_inside(), &mut self.ground.findings);
        let last = self.ground.checkpoints.0.keys().next_back().copied().unwrap_or(0);
        let mut rolled_back = false;
        if last > last_inside {
            let all_there = self.ground.checkpoints.entries().is_some_and(|entries| entries <= self.entries);
            rolled_back = self.outside_knows_more || !all_there;
            let problem = if rolled_back { Problem::LogRolledBack } else { Problem::CheckpointMissing };
            let expected = Some(format!("checkpoint {last}"));
            findings.add(problem, Subject::Log, expected, Some(format!("checkpoint {last_inside}")));
        }
        // The rotation went with the rest when an older copy was restored.
        if self.ground.rotation_missing && !rolled_back {
            findings.add(Problem::RotationMissing, Subject::Keys, None, None);
        }
    }
}
