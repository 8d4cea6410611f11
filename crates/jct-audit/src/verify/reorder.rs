//! Tells entries that were moved from entries that were changed.
//!
//! An entry that fails its hash in its own place may fit another one's: with that one's number, and either the hashes
//! it carries (the rows changed their numbers) or the hashes that stand there (the rows changed their contents). If
//! every failing entry of a chain fits one place and no place is left over, nothing was changed but the order.

use std::collections::BTreeMap;

use crate::{ChainHash, EntryFields, StoredEntry, link};

/// More failing entries than this in one chain are not looked at: the work grows with the square.
pub(super) const MOST_MOVED: usize = 64;

/// An entry that fails its hash.
#[derive(Debug)]
pub(super) struct Broken {
    pub(super) entry: StoredEntry,
    pub(super) prev: ChainHash,
    pub(super) hash: ChainHash,
}

/// What belongs in a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// Where the entry that belongs here was found.
    pub(super) found_at: u64,
    pub(super) prev: ChainHash,
    pub(super) hash: ChainHash,
}

/// What belongs where, by number; `None` if the failing entries are not just in each other's places.
pub(super) fn put_back(broken: &[Broken]) -> Option<BTreeMap<u64, Place>> {
    let mut places = BTreeMap::new();
    for moved in broken {
        let (seq, place) = broken.iter().find_map(|there| fits(moved, there))?;
        if places.insert(seq, place).is_some() {
            return None;
        }
    }
    (!places.is_empty()).then_some(places)
}

fn fits(moved: &Broken, there: &Broken) -> Option<(u64, Place)> {
    let seq = there.entry.seq;
    let fields = EntryFields { seq, ..moved.entry.fields() };
    let found_at = moved.entry.seq;
    let carried = [(moved.prev, moved.hash), (there.prev, there.hash)];
    let (prev, hash) = carried.into_iter().find(|(prev, hash)| seq != found_at && link(*prev, &fields) == *hash)?;
    Some((seq, Place { found_at, prev, hash }))
}
