//! One entity's chain, entry by entry.
//!
//! Each entry is judged by the hashes it carries and by the one right before it, so that one changed row gives one
//! finding and not one for every row after it. What could be a mere change of order is held back until the chain ends.

use std::collections::BTreeMap;

use super::finding::Findings;
use super::leaf_index::Mark;
use super::reorder::{Broken, MOST_MOVED, Place, put_back};
use super::{Problem, Subject};
use crate::{ChainHash, StoredEntry, link};

/// A hash that differs from what the entry before, or a checkpoint, says.
#[derive(Debug)]
struct Difference {
    problem: Problem,
    seq: u64,
    expected: ChainHash,
    found: ChainHash,
}

#[derive(Debug)]
pub(super) struct Chain {
    pub(super) entity_kind: String,
    pub(super) entity_id: String,
    marks: Vec<Mark>,
    /// The number that comes next.
    next: u64,
    /// The hash of the entry before, if it is known.
    last_hash: Option<ChainHash>,
    /// Left-out numbers, as ranges by their first.
    gaps: BTreeMap<u64, u64>,
    broken: Vec<Broken>,
    differences: Vec<Difference>,
}

impl Chain {
    pub(super) fn new(entity_kind: String, entity_id: String, marks: Vec<Mark>) -> Self {
        Self {
            entity_kind,
            entity_id,
            marks,
            next: 1,
            last_hash: Some(ChainHash::GENESIS),
            gaps: BTreeMap::new(),
            broken: Vec::new(),
            differences: Vec::new(),
        }
    }

    pub(super) fn is_of(&self, kind: &str, id: &str) -> bool {
        self.entity_kind == kind && self.entity_id == id
    }

    /// The highest number that a checkpoint covers for which `counts` holds; 0 if there is none.
    pub(super) fn covered(&self, counts: impl Fn(u64) -> bool) -> u64 {
        self.marks.iter().rev().find(|mark| counts(mark.checkpoint)).map_or(0, |mark| mark.seq)
    }

    fn subject(&self, seq: u64) -> Subject {
        Subject::Entry { entity_kind: self.entity_kind.clone(), entity_id: self.entity_id.clone(), seq }
    }

    fn report(&self, findings: &mut Findings, problem: Problem, seq: u64, expected: &str, found: &str) {
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        findings.add(problem, self.subject(seq), some(expected), some(found));
    }

    /// Takes the next entry.
    pub(super) fn entry(&mut self, entry: &StoredEntry, findings: &mut Findings) {
        let seq = entry.seq;
        let follows = seq == self.next;
        if seq < self.next && !self.fill_gap(seq, findings) {
            return;
        }
        let parse = |hash: &Option<String>| hash.as_deref().and_then(|hash| hash.parse::<ChainHash>().ok());
        let (Some(prev), Some(hash)) = (parse(&entry.prev_hash), parse(&entry.hash)) else {
            self.report(findings, Problem::HashMissing, seq, "", "");
            self.advance(seq, None);
            return;
        };
        let fitting = link(prev, &entry.fields());
        if fitting != hash {
            if self.broken.len() < MOST_MOVED {
                self.broken.push(Broken { entry: entry.clone(), prev, hash });
            } else {
                self.report(findings, Problem::ContentChanged, seq, &hash.to_string(), &fitting.to_string());
            }
        }
        if let Some(last) = self.last_hash.filter(|last| follows && *last != prev) {
            self.note(Difference { problem: Problem::DoesNotFollow, seq, expected: last, found: prev }, findings);
        }
        let start = self.marks.partition_point(|mark| mark.seq < seq);
        let here = self.marks.iter().skip(start).take_while(|mark| mark.seq == seq);
        if let Some(mark) = here.into_iter().find(|mark| mark.hash != hash) {
            let problem = Problem::DiffersFromCheckpoint;
            self.note(Difference { problem, seq, expected: mark.hash, found: hash }, findings);
        }
        self.advance(seq, Some(hash));
    }

    /// Takes a row that is no entry.
    pub(super) fn unreadable(&mut self, seq: u64, why: &str, findings: &mut Findings) {
        self.report(findings, Problem::EntryUnreadable, seq, "", why);
        if seq >= self.next || self.fill_gap(seq, findings) {
            self.advance(seq, None);
        }
    }

    /// Moves on, unless the entry was a late one. Left-out numbers become a gap.
    fn advance(&mut self, seq: u64, hash: Option<ChainHash>) {
        if seq < self.next {
            return;
        }
        if seq > self.next {
            self.gaps.insert(self.next, seq - 1);
        }
        self.next = seq.saturating_add(1);
        self.last_hash = hash;
    }

    /// A number that was left out, or was there before: the former is out of order, the latter one too many.
    fn fill_gap(&mut self, seq: u64, findings: &mut Findings) -> bool {
        let gap = self.gaps.range(..=seq).next_back().map(|(first, last)| (*first, *last));
        let Some((first, last)) = gap.filter(|(_, last)| seq <= *last) else {
            self.report(findings, Problem::EntryDuplicated, seq, "", "");
            return false;
        };
        self.report(findings, Problem::OutOfOrder, seq, "", "");
        self.gaps.remove(&first);
        if first < seq {
            self.gaps.insert(first, seq - 1);
        }
        if seq < last {
            self.gaps.insert(seq + 1, last);
        }
        true
    }

    /// Holds a difference back until the chain ends, while there is room: a change of order can explain it.
    fn note(&mut self, difference: Difference, findings: &mut Findings) {
        // Each moved entry disturbs itself, the entry after it and a leaf; more than that is no change of order.
        if self.differences.len() < 4 * MOST_MOVED {
            self.differences.push(difference);
        } else {
            let Difference { problem, seq, expected, found } = difference;
            self.report(findings, problem, seq, &expected.to_string(), &found.to_string());
        }
    }

    /// Reports what was held back. Answers with the last checkpoint that knows more of the chain than there is.
    pub(super) fn finish(self, findings: &mut Findings) -> Option<u64> {
        let places = put_back(&self.broken);
        match &places {
            Some(places) => {
                for (seq, place) in places {
                    self.report(findings, Problem::EntryMoved, place.found_at, &format!("entry {seq}"), "");
                }
            }
            None => {
                for Broken { entry, prev, hash } in &self.broken {
                    let fitting = link(*prev, &entry.fields()).to_string();
                    self.report(findings, Problem::ContentChanged, entry.seq, &hash.to_string(), &fitting);
                }
            }
        }
        for difference in &self.differences {
            let (expected, found) = restored(difference, places.as_ref());
            if expected != found {
                self.report(findings, difference.problem, difference.seq, &expected.to_string(), &found.to_string());
            }
        }
        for (first, last) in &self.gaps {
            let missing = if first == last { format!("entry {first}") } else { format!("entries {first} to {last}") };
            self.report(findings, Problem::EntryMissing, last.saturating_add(1), &missing, "");
        }
        let mark = self.marks.last().filter(|mark| mark.seq >= self.next)?;
        let expected = format!("entry {} by checkpoint {}", mark.seq, mark.checkpoint);
        self.report(findings, Problem::TailMissing, self.next.saturating_sub(1), &expected, "");
        Some(mark.checkpoint)
    }
}

/// The two hashes of a difference, once every moved entry is back in its place.
fn restored(difference: &Difference, places: Option<&BTreeMap<u64, Place>>) -> (ChainHash, ChainHash) {
    let Difference { problem, seq, expected, found } = difference;
    let place = |seq: u64| places.and_then(|places| places.get(&seq));
    if *problem == Problem::DiffersFromCheckpoint {
        return (*expected, place(*seq).map_or(*found, |place| place.hash));
    }
    let before = seq.checked_sub(1).and_then(place);
    (before.map_or(*expected, |place| place.hash), place(*seq).map_or(*found, |place| place.prev))
}
