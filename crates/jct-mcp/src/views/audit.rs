//! Entries of the audit log.

use jct_audit::StoredEntry;
use serde_json::{Value, json};

use super::task::stored;

/// One entry, under the names of the REST surface.
pub(crate) fn entry(entry: &StoredEntry) -> Value {
    json!({
        "id": entry.id,
        "ts": entry.at,
        "actor_kind": entry.actor_kind,
        "actor_id": entry.actor_id,
        "action": entry.action,
        "entity_kind": entry.entity_kind,
        "entity_id": entry.entity_id,
        "before": entry.before.as_deref().map(stored),
        "after": entry.after.as_deref().map(stored),
        "note": entry.note,
        "trace_id": entry.trace_id,
        "seq": entry.seq,
        "prev_hash": entry.prev_hash,
        "hash": entry.hash,
    })
}
