//! How values become the bytes that are hashed: each with its length in front, so that no two lists of values give the
//! same bytes.

use sha2::{Digest, Sha256};

/// The length that marks an absent value; no text is that long.
const ABSENT: u64 = u64::MAX;

pub(crate) fn put(hasher: &mut Sha256, bytes: &[u8]) {
    hasher.update((bytes.len() as u64).to_be_bytes());
    hasher.update(bytes);
}

pub(crate) fn put_optional(hasher: &mut Sha256, text: Option<&str>) {
    match text {
        Some(text) => put(hasher, text.as_bytes()),
        None => hasher.update(ABSENT.to_be_bytes()),
    }
}
