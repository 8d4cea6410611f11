//! The proof that one entity's leaf is in a checkpoint, for those who hold neither the other leaves nor the database.

use jct_contract::Sha256Digest;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::merkle;
use crate::{ChainHead, Checkpoint};

/// One leaf and the hashes that lead from it to the root of its checkpoint: 32 bytes for each doubling of the leaves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InclusionProof {
    /// The leaf.
    #[serde(serialize_with = "as_line", deserialize_with = "from_line")]
    pub leaf: ChainHead,
    /// Its place among the leaves, from 0.
    pub index: u64,
    /// The hashes beside its way up, from the bottom.
    pub path: Vec<Sha256Digest>,
}

/// The leaf is not in the checkpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the proof does not lead from the leaf to the root of the checkpoint")]
pub struct InvalidProof;

impl InclusionProof {
    /// Checks that the leaf is in `checkpoint`. Says nothing of the checkpoint's signature.
    ///
    /// # Errors
    ///
    /// [`InvalidProof`] if it is not.
    pub fn verify(&self, checkpoint: &Checkpoint) -> Result<(), InvalidProof> {
        let path: Vec<_> = self.path.iter().map(|hash| *hash.as_bytes()).collect();
        let root = merkle::root_by_path(self.leaf.node(), self.index, checkpoint.leaves, &path).ok_or(InvalidProof)?;
        if root == *checkpoint.root.as_bytes() { Ok(()) } else { Err(InvalidProof) }
    }
}

fn as_line<S: Serializer>(leaf: &ChainHead, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(leaf)
}

fn from_line<'de, D: Deserializer<'de>>(deserializer: D) -> Result<ChainHead, D::Error> {
    String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
}
