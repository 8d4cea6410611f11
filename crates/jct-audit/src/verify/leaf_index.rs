//! What all checkpoints together say about each entity, ready to be asked entity by entity.

use std::collections::BTreeMap;

use crate::{ChainHash, ChainHead};

/// One leaf of one checkpoint, about an entity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    pub(super) seq: u64,
    pub(super) hash: ChainHash,
    pub(super) checkpoint: u64,
}

#[derive(Debug, Default)]
struct Marks {
    marks: Vec<Mark>,
    /// Whether the entity must be among the entries.
    required: bool,
    seen: bool,
}

#[derive(Debug, Default)]
pub(super) struct LeafIndex(BTreeMap<String, BTreeMap<String, Marks>>);

impl LeafIndex {
    pub(super) fn add(&mut self, leaf: ChainHead, checkpoint: u64, required: bool) {
        let ChainHead { entity_kind, entity_id, seq, hash } = leaf;
        let marks = self.0.entry(entity_kind).or_default().entry(entity_id).or_default();
        marks.marks.push(Mark { seq, hash, checkpoint });
        marks.required |= required;
    }

    /// The marks of an entity in the order of their numbers; `None` if they were taken before.
    pub(super) fn take(&mut self, kind: &str, id: &str) -> Option<Vec<Mark>> {
        let unknown = || Marks { seen: true, ..Marks::default() };
        let Some(marks) = self.0.get_mut(kind).and_then(|ids| ids.get_mut(id)) else {
            self.0.entry(kind.to_owned()).or_default().insert(id.to_owned(), unknown());
            return Some(Vec::new());
        };
        if marks.seen {
            return None;
        }
        marks.seen = true;
        let mut taken = std::mem::take(&mut marks.marks);
        taken.sort_unstable_by_key(|mark| (mark.seq, mark.checkpoint));
        Some(taken)
    }

    /// The last mark of each entity that must be there and was never asked for.
    pub(super) fn missing(&self) -> impl Iterator<Item = (&str, &str, Mark)> {
        self.0.iter().flat_map(|(kind, ids)| {
            let missing = ids.iter().filter(|(_, marks)| marks.required && !marks.seen);
            missing.filter_map(move |(id, marks)| {
                Some((kind.as_str(), id.as_str(), *marks.marks.iter().max_by_key(|mark| mark.seq)?))
            })
        })
    }
}
