//! What a checkpoint seals: for each entity that changed since the checkpoint before, where its chain ends.
//!
//! Stored as text, one line for each leaf: kind, id, sequence number and hash with one space between them. In kinds and
//! ids everything but printable ASCII, and the space and `%` as well, is percent-encoded, so that any id fits.

use std::borrow::Cow;
use std::fmt;
use std::fmt::Write as _;
use std::str::FromStr;

use jct_contract::Sha256Digest;
use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};
use sha2::Digest;

use crate::encoding::put;
use crate::merkle::{self, Node};
use crate::{ChainHash, InclusionProof};

const TAG: &[u8] = b"jct-audit-leaf-v1";
const ESCAPED: &AsciiSet = &CONTROLS.add(b' ').add(b'%');

/// Where an entity's chain ends: one leaf of a checkpoint. Its text form is one line of [`Leaves`], without its end.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ChainHead {
    /// The kind of the entity.
    pub entity_kind: String,
    /// The entity.
    pub entity_id: String,
    /// The number of its last entry.
    pub seq: u64,
    /// That entry's hash.
    pub hash: ChainHash,
}

/// The leaves of one checkpoint: one for each entity, sorted by kind and id as bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Leaves(Vec<ChainHead>);

/// The text is not one leaf.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a leaf is `kind id seq hash`, kind and id percent-encoded, with one space between them")]
pub struct InvalidLeaf;

/// The text is not the leaves of a checkpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidLeaves {
    /// A line that is no leaf.
    #[error("line {line} is no leaf")]
    Leaf {
        /// The line's number, from 1.
        line: usize,
        /// Why.
        #[source]
        source: InvalidLeaf,
    },
    /// A leaf that should stand before the one above it, or stands there twice.
    #[error("line {line} is out of order")]
    Order {
        /// The line's number, from 1.
        line: usize,
    },
    /// The last line has no end: something is missing.
    #[error("the last line has no end")]
    Torn,
}

impl ChainHead {
    pub(crate) fn node(&self) -> Node {
        // Taken apart in full, so that a new field cannot be forgotten here.
        let Self { entity_kind, entity_id, seq, hash } = self;
        let mut hasher = merkle::leaf_hasher();
        hasher.update(TAG);
        put(&mut hasher, entity_kind.as_bytes());
        put(&mut hasher, entity_id.as_bytes());
        put(&mut hasher, &seq.to_be_bytes());
        put(&mut hasher, hash.as_bytes());
        hasher.finalize().into()
    }

    fn entity(&self) -> (&str, &str) {
        (&self.entity_kind, &self.entity_id)
    }
}

impl Leaves {
    /// The leaves over any number of entries in any order: the highest of each entity counts.
    #[must_use]
    pub fn latest(heads: impl IntoIterator<Item = ChainHead>) -> Self {
        let mut heads: Vec<ChainHead> = heads.into_iter().collect();
        heads.sort_unstable_by(|a, b| a.entity().cmp(&b.entity()).then(b.seq.cmp(&a.seq)));
        heads.dedup_by(|next, kept| next.entity() == kept.entity());
        Self(heads)
    }

    /// The leaves in order.
    #[must_use]
    pub fn heads(&self) -> &[ChainHead] {
        &self.0
    }

    /// How many.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.0.len() as u64
    }

    /// The Merkle root over them (RFC 6962).
    #[must_use]
    pub fn root(&self) -> Sha256Digest {
        Sha256Digest::from_bytes(merkle::root(&self.nodes()))
    }

    /// The proof that the entity's leaf is among these; `None` if it has none.
    ///
    /// Hashes every leaf once: for many proofs over the same leaves use [`Self::prove_all`].
    #[must_use]
    pub fn prove(&self, entity_kind: &str, entity_id: &str) -> Option<InclusionProof> {
        self.prove_all(|head| head.entity() == (entity_kind, entity_id)).pop()
    }

    /// The proofs of all leaves that `wanted` picks, in order.
    #[must_use]
    pub fn prove_all(&self, mut wanted: impl FnMut(&ChainHead) -> bool) -> Vec<InclusionProof> {
        let nodes = self.nodes();
        let picked = self.0.iter().enumerate().filter(|(_, head)| wanted(head));
        picked
            .filter_map(|(index, head)| {
                let path = merkle::path(&nodes, index)?.into_iter().map(Sha256Digest::from_bytes).collect();
                Some(InclusionProof { leaf: head.clone(), index: index as u64, path })
            })
            .collect()
    }

    fn nodes(&self) -> Vec<Node> {
        self.0.iter().map(ChainHead::node).collect()
    }
}

impl fmt::Display for ChainHead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = utf8_percent_encode(&self.entity_kind, ESCAPED);
        let id = utf8_percent_encode(&self.entity_id, ESCAPED);
        write!(f, "{kind} {id} {} {}", self.seq, self.hash)
    }
}

impl FromStr for ChainHead {
    type Err = InvalidLeaf;

    fn from_str(text: &str) -> Result<Self, InvalidLeaf> {
        let mut words = text.split(' ');
        let [Some(kind), Some(id), Some(seq), Some(hash), None] = std::array::from_fn(|_| words.next()) else {
            return Err(InvalidLeaf);
        };
        let head = Self {
            entity_kind: decoded(kind)?.into_owned(),
            entity_id: decoded(id)?.into_owned(),
            seq: seq.parse().map_err(|_| InvalidLeaf)?,
            hash: hash.parse().map_err(|_| InvalidLeaf)?,
        };
        // One leaf has one text: no `+7`, no `%41`.
        if head.to_string() == text { Ok(head) } else { Err(InvalidLeaf) }
    }
}

fn decoded(word: &str) -> Result<Cow<'_, str>, InvalidLeaf> {
    percent_decode_str(word).decode_utf8().map_err(|_| InvalidLeaf)
}

impl fmt::Display for Leaves {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for head in &self.0 {
            write!(f, "{head}")?;
            f.write_char('\n')?;
        }
        Ok(())
    }
}

impl FromStr for Leaves {
    type Err = InvalidLeaves;

    fn from_str(text: &str) -> Result<Self, InvalidLeaves> {
        let mut heads: Vec<ChainHead> = Vec::new();
        for (number, line) in (1..).zip(text.split_inclusive('\n')) {
            let line = line.strip_suffix('\n').ok_or(InvalidLeaves::Torn)?;
            let head: ChainHead = line.parse().map_err(|source| InvalidLeaves::Leaf { line: number, source })?;
            if heads.last().is_some_and(|last| last.entity() >= head.entity()) {
                return Err(InvalidLeaves::Order { line: number });
            }
            heads.push(head);
        }
        Ok(Self(heads))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(kind: &str, id: &str, seq: u64) -> ChainHead {
        let (entity_kind, entity_id) = (kind.to_owned(), id.to_owned());
        ChainHead { entity_kind, entity_id, seq, hash: ChainHash::from_bytes([u8::try_from(seq).unwrap(); 32]) }
    }

    /// Computed apart from this code, with Python's `struct` and `hashlib`. A change here orphans every checkpoint.
    #[test]
    fn the_golden_root_stands() {
        let leaves = Leaves::latest([head("task", "b", 2), head("task", "a 1", 7), head("queue", "é", 1)]);
        assert_eq!(
            leaves.root().to_string(),
            "sha256:cf70bde806a0be8dda14f1da2b0b24c0cad7a95d738e2c04e5d60093d734a0f5"
        );
    }

    #[test]
    fn only_the_highest_entry_of_an_entity_counts() {
        let leaves = Leaves::latest([head("t", "b", 2), head("t", "a", 1), head("t", "b", 3), head("s", "b", 9)]);
        assert_eq!(leaves.heads(), [head("s", "b", 9), head("t", "a", 1), head("t", "b", 3)]);
    }

    #[test]
    fn the_text_reads_back_whatever_the_ids_are() {
        let ids = ["", " ", "a b", "100%", "a\nb", "é\u{0}", "%20", "plain/id.1"];
        let leaves = Leaves::latest(ids.iter().map(|id| head("task", id, 1)));
        let text = leaves.to_string();
        assert_eq!(text.lines().count(), ids.len());
        assert_eq!(text.parse(), Ok(leaves));
        assert_eq!("".parse(), Ok(Leaves::default()));
    }

    #[test]
    fn any_other_text_is_refused() {
        let (a, b) = (head("t", "a", 1).to_string(), head("t", "b", 1).to_string());
        assert_eq!(format!("{a}\n{b}").parse::<Leaves>(), Err(InvalidLeaves::Torn));
        assert_eq!(format!("{b}\n{a}\n").parse::<Leaves>(), Err(InvalidLeaves::Order { line: 2 }));
        assert_eq!(format!("{a}\n{a}\n").parse::<Leaves>(), Err(InvalidLeaves::Order { line: 2 }));
        for bad in ["", "t a 1", &a.replace(" 1 ", " 01 "), &a.replace("t a", "t %61"), &format!("{a} "), &a[..60]] {
            assert_eq!(bad.parse::<ChainHead>(), Err(InvalidLeaf), "{bad}");
        }
    }
}
