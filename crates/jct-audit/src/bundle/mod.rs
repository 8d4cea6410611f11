//! The exported log: a file that an outsider verifies without the tower.
//!
//! JSON lines: a header, the keys, the checkpoints, the entries, an end. A bundle of the whole log carries every leaf.
//! One of an entity or of a trace carries whole chains too, of each entity that it touches, and inclusion proofs in
//! place of the other leaves.

mod line;
mod verifier;
mod writer;

pub use line::{BundleFilter, BundleHeader, BundleLine, InvalidBundleLine};
pub use verifier::{BundleError, BundleVerifier};
pub use writer::{BundleWriter, EntryWriter};
