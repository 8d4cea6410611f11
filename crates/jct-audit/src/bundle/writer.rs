//! Writes the lines of a bundle in the one order that can be read.

use crate::{BundleHeader, BundleLine, InclusionProof, PublicKey, StoredEntry};

/// The first half of a bundle: header, keys and checkpoints. Each method answers with the next line, end included.
#[derive(Debug)]
pub struct BundleWriter(());

/// The second half of a bundle: the entries.
#[derive(Debug)]
pub struct EntryWriter(());

impl BundleWriter {
    /// Starts a bundle.
    #[must_use]
    pub fn start(header: BundleHeader) -> (Self, String) {
        (Self(()), BundleLine::Header(header).to_line())
    }

    /// The tower's first key.
    #[must_use]
    pub fn key(&mut self, public_key: PublicKey) -> String {
        BundleLine::Key { public_key }.to_line()
    }

    /// The next rotation, as stored.
    #[must_use]
    pub fn rotation(&mut self, text: &str) -> String {
        BundleLine::Rotation { text: text.to_owned() }.to_line()
    }

    /// A checkpoint with its leaves, as stored.
    #[must_use]
    pub fn checkpoint(&mut self, text: &str, leaves: &str) -> String {
        let leaves = Some(leaves.to_owned());
        BundleLine::Checkpoint { text: text.to_owned(), leaves, proofs: Vec::new() }.to_line()
    }

    /// A checkpoint, as stored, with proofs for the entities in the bundle.
    #[must_use]
    pub fn checkpoint_with_proofs(&mut self, text: &str, proofs: Vec<InclusionProof>) -> String {
        BundleLine::Checkpoint { text: text.to_owned(), leaves: None, proofs }.to_line()
    }

    /// Goes on to the entries.
    #[must_use]
    pub fn entries(self) -> EntryWriter {
        EntryWriter(())
    }
}

impl EntryWriter {
    /// The next entry: those of one entity together, in the order of their numbers.
    #[must_use]
    pub fn entry(&mut self, entry: StoredEntry) -> String {
        BundleLine::Entry(Box::new(entry)).to_line()
    }

    /// The last line.
    #[must_use]
    pub fn end(self) -> String {
        BundleLine::End {}.to_line()
    }
}
