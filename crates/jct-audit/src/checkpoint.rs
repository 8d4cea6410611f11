//! The checkpoint: what the tower says about its log at one moment, and signs.

use std::str::FromStr;

use jct_contract::{Sha256Digest, Timestamp};

use crate::statement::{Lines, private};
use crate::{InvalidStatement, Leaves, Origin, Signed, SigningKey, Statement};

const KIND: &str = "jct-audit-checkpoint-v1";
/// Stands where the first checkpoint has no digest to give.
const NONE: &str = "none";

/// A seal over the entries written since the checkpoint before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// The tower whose log it is.
    pub origin: Origin,
    /// 1, 2, 3, ... without gaps.
    pub number: u64,
    /// When it was sealed.
    pub sealed_at: Timestamp,
    /// The position in the database up to which entries are covered.
    pub through: u64,
    /// How many entries were written since the checkpoint before.
    pub entries: u64,
    /// How many leaves: entities that changed since the checkpoint before.
    pub leaves: u64,
    /// The Merkle root over the leaves.
    pub root: Sha256Digest,
    /// The digest of the signed text of the checkpoint before; `None` in number 1.
    pub previous: Option<Sha256Digest>,
}

/// A checkpoint with its signature.
pub type SignedCheckpoint = Signed<Checkpoint>;

impl Checkpoint {
    /// The checkpoint that follows `previous`, or the first one.
    ///
    /// `entries` were written since then and lie at or before the position `through`; `leaves` are where their chains
    /// end.
    #[must_use]
    pub fn following(
        previous: Option<&SignedCheckpoint>,
        origin: Origin,
        sealed_at: Timestamp,
        through: u64,
        entries: u64,
        leaves: &Leaves,
    ) -> Self {
        Self {
            origin,
            number: previous.map_or(1, |previous| previous.statement().number.saturating_add(1)),
            sealed_at,
            through,
            entries,
            leaves: leaves.count(),
            root: leaves.root(),
            previous: previous.map(Signed::digest),
        }
    }

    /// Signs it.
    #[must_use]
    pub fn sign(self, key: &SigningKey) -> SignedCheckpoint {
        Signed::sign(self, key)
    }

    /// Whether these are the leaves it seals.
    #[must_use]
    pub fn seals(&self, leaves: &Leaves) -> bool {
        self.leaves == leaves.count() && self.root == leaves.root()
    }
}

impl private::Sealed for Checkpoint {}

impl Statement for Checkpoint {
    fn body(&self) -> String {
        // Taken apart in full, so that a new field cannot be forgotten here.
        let Self { origin, number, sealed_at, through, entries, leaves, root, previous } = self;
        let previous = previous.map_or_else(|| NONE.to_owned(), |digest| digest.to_string());
        format!(
            "{KIND}\norigin {origin}\nnumber {number}\nsealed-at {sealed_at}\nthrough {through}\nentries {entries}\n\
             leaves {leaves}\nroot {root}\nprevious {previous}\n"
        )
    }

    fn from_body(body: &str) -> Result<Self, InvalidStatement> {
        let mut lines = Lines::of(body, KIND)?;
        Ok(Self {
            origin: lines.value("origin")?,
            number: lines.value("number")?,
            sealed_at: lines.value("sealed-at")?,
            through: lines.value("through")?,
            entries: lines.value("entries")?,
            leaves: lines.value("leaves")?,
            root: lines.value("root")?,
            previous: lines.value::<Previous>("previous")?.0,
        })
    }

    fn origin(&self) -> &Origin {
        &self.origin
    }
}

struct Previous(Option<Sha256Digest>);

impl FromStr for Previous {
    type Err = jct_contract::InvalidDigest;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == NONE { Ok(Self(None)) } else { text.parse().map(|digest| Self(Some(digest))) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ChainHash, ChainHead, InvalidProof, InvalidSignature};

    fn leaves(count: u64) -> Leaves {
        Leaves::latest((0..count).map(|n| ChainHead {
            entity_kind: "task".to_owned(),
            entity_id: n.to_string(),
            seq: n + 1,
            hash: ChainHash::from_bytes([7; 32]),
        }))
    }

    fn checkpoint() -> Checkpoint {
        Checkpoint {
            origin: "tower.example.org".parse().unwrap(),
            number: 2,
            sealed_at: Timestamp::from_micros(1_700_000_000_123_456),
            through: 1_000,
            entries: 9,
            leaves: 5,
            root: leaves(5).root(),
            previous: Some(Sha256Digest::of(b"one")),
        }
    }

    fn key() -> SigningKey {
        SigningKey::from_entropy(&[1; 32])
    }

    /// The signature was made apart from this code, with Python's `cryptography`.
    #[test]
    fn the_golden_text_stands() {
        let signed = checkpoint().sign(&key());
        assert_eq!(signed.text(), GOLDEN);
        assert_eq!(signed.verify(&key().public()), Ok(()));
    }

    const GOLDEN: &str = "\
jct-audit-checkpoint-v1
origin tower.example.org
number 2
sealed-at 2023-11-14T22:13:20.123456Z
through 1000
entries 9
leaves 5
root sha256:8da0b0659c90a0512d3f1875cd70738db1e97c4a4a5c0892a6829723d04150cb
previous sha256:7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed

— tower.example.org+34750f98bd59fcfc MkvCT/X/StoSR1jVdHaPtviO/mXfwLqerdn3+3NKEFznuAKmk20iruHIESM3dK6fKzjyLjxajiBVyjwSrJcpCA==
";

    #[test]
    fn the_text_reads_back() {
        for previous in [None, checkpoint().previous] {
            let signed = Checkpoint { previous, ..checkpoint() }.sign(&key());
            let read: SignedCheckpoint = signed.text().parse().unwrap();
            assert_eq!(read, signed);
            assert_eq!(read.digest(), Sha256Digest::of(signed.text().as_bytes()));
            assert_eq!(read.key_id(), key().public().id());
        }
    }

    #[test]
    fn another_key_or_another_text_does_not_verify() {
        let signed = checkpoint().sign(&key());
        assert_eq!(signed.verify(&SigningKey::from_entropy(&[2; 32]).public()), Err(InvalidSignature));
        let forged: SignedCheckpoint = signed.text().replace("entries 9", "entries 8").parse().unwrap();
        assert_eq!(forged.verify(&key().public()), Err(InvalidSignature));
    }

    #[track_caller]
    fn refused(change: impl Fn(&str) -> String, expected: InvalidStatement) {
        assert_eq!(change(checkpoint().sign(&key()).text()).parse::<SignedCheckpoint>(), Err(expected));
    }

    #[test]
    fn any_other_text_is_refused() {
        refused(|_| String::new(), InvalidStatement::Signature);
        refused(|text| text.replace("-v1", "-v2"), InvalidStatement::Line(KIND));
        refused(|text| text.replace("entries 9\n", ""), InvalidStatement::Line("entries"));
        refused(|text| text.replace("entries 9", "entries 09"), InvalidStatement::Form);
        refused(|text| text.replace("123456Z", "123456+00:00"), InvalidStatement::Form);
        refused(|text| text.replace("\n\n", "\nmore\n\n"), InvalidStatement::Form);
        refused(|text| text.trim_end().to_owned(), InvalidStatement::Signature);
        refused(|text| format!("{text}— other\n"), InvalidStatement::Signature);
        refused(|text| text.replace("— tower", "— power"), InvalidStatement::Signature);
    }

    #[test]
    fn a_leaf_can_be_proven_without_the_others() {
        let (checkpoint, leaves) = (checkpoint(), leaves(5));
        assert!(checkpoint.seals(&leaves));
        let proof = leaves.prove("task", "3").unwrap();
        assert_eq!(proof.verify(&checkpoint), Ok(()));
        let mut other = proof.clone();
        other.leaf.seq += 1;
        assert_eq!(other.verify(&checkpoint), Err(InvalidProof));
        assert_eq!(
            serde_json::from_str::<crate::InclusionProof>(&serde_json::to_string(&proof).unwrap()).unwrap(),
            proof
        );
        assert_eq!(leaves.prove("task", "5"), None);
    }
}
