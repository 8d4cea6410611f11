//! Entries of the audit log.

use jct_contract::{AuditId, Principal, Timestamp};

/// One entry: who changed what, from what to what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEntry {
    /// The entry's id.
    pub id: AuditId,
    /// When.
    pub at: Timestamp,
    /// The authenticated principal.
    pub actor: Principal,
    /// `created`, `status_changed`, `stale_write_refused`, ...
    pub action: String,
    /// The kind of the changed object: `task`, `worker`, `queue`, `api_key`.
    pub entity_kind: String,
    /// The changed object.
    pub entity_id: String,
    /// Its number within the entity, from 1, without gaps.
    pub seq: u64,
    /// The state before, JSON as text.
    pub before: Option<String>,
    /// The state after, JSON as text.
    pub after: Option<String>,
    /// For people.
    pub note: Option<String>,
    /// The trace the change belongs to.
    pub trace_id: Option<String>,
}

/// Which entries to read, oldest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditQuery {
    /// The kind of object.
    pub entity_kind: String,
    /// The object.
    pub entity_id: String,
    /// At most this many.
    pub limit: u32,
}
