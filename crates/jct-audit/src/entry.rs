//! An entry as it is stored, hashes included: what is verified, exported and replayed.

use jct_contract::{AuditId, Timestamp};
use serde::{Deserialize, Deserializer, Serialize};

use crate::EntryFields;

/// One row of the log, exactly as stored.
///
/// The hashes are text, since whoever rewrites a database may leave anything there: that is for verification to judge.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoredEntry {
    /// The entry's id.
    #[serde(deserialize_with = "id")]
    pub id: AuditId,
    /// The kind of the changed object.
    pub entity_kind: String,
    /// The changed object.
    pub entity_id: String,
    /// The entry's number within the entity, from 1, without gaps.
    pub seq: u64,
    /// When.
    pub at: Timestamp,
    /// The kind of the authenticated principal: `human`, `agent` or `system`.
    pub actor_kind: String,
    /// The authenticated principal.
    pub actor_id: String,
    /// `created`, `status_changed`, `stale_write_refused`, ...
    pub action: String,
    /// The state before, JSON as text.
    pub before: Option<String>,
    /// The state after, JSON as text.
    pub after: Option<String>,
    /// For people.
    pub note: Option<String>,
    /// The trace the change belongs to.
    pub trace_id: Option<String>,
    /// The hash of the entity's entry before, as text.
    pub prev_hash: Option<String>,
    /// The entry's own hash, as text.
    pub hash: Option<String>,
}

impl StoredEntry {
    /// The fields that the hash covers.
    #[must_use]
    pub fn fields(&self) -> EntryFields<'_> {
        EntryFields {
            id: self.id,
            entity_kind: &self.entity_kind,
            entity_id: &self.entity_id,
            seq: self.seq,
            at: self.at,
            actor_kind: &self.actor_kind,
            actor_id: &self.actor_id,
            action: &self.action,
            before: self.before.as_deref(),
            after: self.after.as_deref(),
            note: self.note.as_deref(),
            trace_id: self.trace_id.as_deref(),
        }
    }
}

fn id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<AuditId, D::Error> {
    String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
}
