//! One link of the chain: what exactly is hashed for an entry.
//!
//! The bytes are: the 18 bytes of `jct-audit-entry-v1`, then the previous hash and the fields in the order of
//! [`EntryFields`], with the sequence number first. Each is its length in bytes as eight big-endian bytes, then the
//! bytes themselves. Numbers are eight big-endian bytes, the id is its 16 bytes, text is its UTF-8 as it is stored. An
//! absent field is the length 2^64-1 and nothing after it, so that "no note" and "an empty note" differ. Lengths in
//! front of everything mean that no two different entries give the same bytes. Nothing is serialised again to verify:
//! a JSON library that writes a number differently one day cannot break the chain.

use jct_contract::{AuditId, Timestamp};
use sha2::{Digest, Sha256};

use crate::ChainHash;
use crate::encoding::{put, put_optional};

/// Names the encoding, so that no other use of SHA-256 in the tower can produce an entry's hash.
const TAG: &[u8] = b"jct-audit-entry-v1";

/// Every field of an entry that its hash covers, borrowed exactly as stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EntryFields<'a> {
    /// The entry's id.
    pub id: AuditId,
    /// The kind of the changed object: `task`, `worker`, `queue`, ...
    pub entity_kind: &'a str,
    /// The changed object.
    pub entity_id: &'a str,
    /// The entry's number within the entity, from 1, without gaps.
    pub seq: u64,
    /// When, in microseconds.
    pub at: Timestamp,
    /// The kind of the authenticated principal: `human`, `agent` or `system`.
    pub actor_kind: &'a str,
    /// The authenticated principal.
    pub actor_id: &'a str,
    /// `created`, `status_changed`, `stale_write_refused`, ...
    pub action: &'a str,
    /// The state before, JSON as text.
    pub before: Option<&'a str>,
    /// The state after, JSON as text.
    pub after: Option<&'a str>,
    /// For people.
    pub note: Option<&'a str>,
    /// The trace the change belongs to.
    pub trace_id: Option<&'a str>,
}

/// The hash of `entry` when `prev` is the hash of the entity's entry before it, or [`ChainHash::GENESIS`] for the first.
///
/// One pass over the fields, no allocation: this runs for every change the tower makes.
#[must_use]
pub fn link(prev: ChainHash, entry: &EntryFields<'_>) -> ChainHash {
    // Taken apart in full, so that a new field cannot be forgotten here.
    let EntryFields {
        id,
        entity_kind,
        entity_id,
        seq,
        at,
        actor_kind,
        actor_id,
        action,
        before,
        after,
        note,
        trace_id,
    } = entry;
    let mut hasher = Sha256::new_with_prefix(TAG);
    put(&mut hasher, prev.as_bytes());
    put(&mut hasher, &seq.to_be_bytes());
    put(&mut hasher, id.as_uuid().as_bytes());
    put(&mut hasher, entity_kind.as_bytes());
    put(&mut hasher, entity_id.as_bytes());
    put(&mut hasher, &at.as_micros().to_be_bytes());
    put(&mut hasher, actor_kind.as_bytes());
    put(&mut hasher, actor_id.as_bytes());
    put(&mut hasher, action.as_bytes());
    for text in [before, after, note, trace_id] {
        put_optional(&mut hasher, *text);
    }
    ChainHash::from_bytes(hasher.finalize().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn full() -> EntryFields<'static> {
        EntryFields {
            id: "018bcfe5-687b-7000-8000-000000000001".parse().unwrap(),
            entity_kind: "task",
            entity_id: "018bcfe5-687b-7000-8000-0000000000aa",
            seq: 7,
            at: Timestamp::from_micros(1_700_000_000_123_456),
            actor_kind: "agent",
            actor_id: "jules",
            action: "status_changed",
            before: Some(r#"{"status":"queued"}"#),
            after: Some("{\"status\":\"läuft\"}"),
            note: Some("claimed"),
            trace_id: Some("run-7"),
        }
    }

    fn bare() -> EntryFields<'static> {
        EntryFields {
            id: "00000000-0000-0000-0000-000000000000".parse().unwrap(),
            entity_kind: "",
            entity_id: "",
            seq: 1,
            at: Timestamp::from_micros(-1),
            actor_kind: "",
            actor_id: "",
            action: "",
            before: None,
            after: None,
            note: None,
            trace_id: None,
        }
    }

    /// Computed apart from this code, with Python's `struct` and `hashlib`. A change here orphans every stored chain.
    #[test]
    fn the_golden_vectors_stand() {
        let first = link(ChainHash::GENESIS, &bare());
        assert_eq!(first.to_string(), "837a64b7156bf29b7f9046b3d33590bcc664c82fc3eb2a398c9b9b38f0fc5367");
        assert_eq!(
            link(ChainHash::GENESIS, &full()).to_string(),
            "b26a6cedae9f039b62c1278156225cb2a4fcdb4bdaeba7f186f46c00e54a2777"
        );
        assert_eq!(
            link(first, &full()).to_string(),
            "44190c07bf0f5258cd69f95a2bb3edbea0f033b375e9ef743c7c74404ad3ca04"
        );
    }

    #[test]
    fn every_field_counts() {
        let entry = full();
        let changed = [
            EntryFields { id: "018bcfe5-687b-7000-8000-000000000002".parse().unwrap(), ..entry },
            EntryFields { entity_kind: "tasl", ..entry },
            EntryFields { entity_id: "018bcfe5-687b-7000-8000-0000000000ab", ..entry },
            EntryFields { seq: 8, ..entry },
            EntryFields { at: Timestamp::from_micros(1_700_000_000_123_457), ..entry },
            EntryFields { actor_kind: "human", ..entry },
            EntryFields { actor_id: "julet", ..entry },
            EntryFields { action: "updated", ..entry },
            EntryFields { before: Some(r#"{"status": "queued"}"#), ..entry },
            EntryFields { after: None, ..entry },
            EntryFields { note: Some(""), ..entry },
            EntryFields { note: None, ..entry },
            EntryFields { trace_id: None, ..entry },
            // The same bytes, divided otherwise.
            EntryFields { actor_kind: "agentj", actor_id: "ules", ..entry },
            EntryFields { before: entry.after, after: entry.before, ..entry },
        ];
        let mut hashes = vec![link(ChainHash::GENESIS, &entry), link(ChainHash::from_bytes([1; 32]), &entry)];
        hashes.extend(changed.iter().map(|entry| link(ChainHash::GENESIS, entry)));
        let count = hashes.len();
        hashes.sort_unstable();
        hashes.dedup();
        assert_eq!(hashes.len(), count);
    }
}
