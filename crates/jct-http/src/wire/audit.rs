//! The audit log on the wire: entries, what an object was, and what seals the log.

use jct_audit::{Content, StoredEntry};
use jct_contract::{AuditId, Timestamp};
use jct_tower::audit::{EntityKind, SealedBy, StateAt};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

/// One entry.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AuditEntry)]
pub(crate) struct EntryBody<'a> {
    #[schema(value_type = String, format = "uuid")]
    id: AuditId,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    ts: Timestamp,
    /// The kind of the authenticated principal.
    #[schema(example = "agent")]
    actor_kind: &'a str,
    /// The authenticated principal.
    #[schema(example = "jules")]
    actor_id: &'a str,
    #[schema(example = "status_changed")]
    action: &'a str,
    /// The kind of the changed object.
    #[schema(example = "task")]
    entity_kind: &'a str,
    /// The changed object.
    entity_id: &'a str,
    /// What was there before: the changed members. Text that is no JSON, which the tower never writes, as a string.
    #[schema(value_type = Option<Object>)]
    before: Option<Value>,
    /// What was there after; the whole object for `created`.
    #[schema(value_type = Option<Object>)]
    after: Option<Value>,
    note: Option<&'a str>,
    trace_id: Option<&'a str>,
    /// The number among the entries of the object, from 1.
    seq: u64,
    /// The hash of the object's entry before, zeros for the first.
    prev_hash: Option<&'a str>,
    /// The hash of this entry.
    hash: Option<&'a str>,
}

/// What an object was at a moment.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AuditState)]
pub(crate) struct StateBody<'a> {
    #[schema(example = "task")]
    entity_kind: &'static str,
    entity_id: &'a str,
    /// The moment that was asked for; absent for the newest state.
    #[schema(value_type = Option<String>, format = DateTime)]
    at: Option<Timestamp>,
    /// The entry that made it so.
    seq: u64,
    /// When that was.
    #[schema(value_type = String, format = DateTime)]
    since: Timestamp,
    /// Whether the object was deleted by then.
    deleted: bool,
    /// The object, rebuilt from its entries; `null` if it was deleted.
    #[schema(value_type = Option<Object>)]
    state: Option<&'a Value>,
}

/// What seals the log.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AuditSeals)]
pub(crate) struct SealsBody<'a> {
    /// What this log is called in signed texts.
    origin: &'a str,
    /// The keys, oldest first; the last one is in force.
    keys: Vec<SealingKeyBody<'a>>,
    /// Checkpoints, newest first.
    checkpoints: Vec<CheckpointBody<'a>>,
}

/// A key of the log.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AuditKey)]
pub(crate) struct SealingKeyBody<'a> {
    number: u64,
    key_id: Option<&'a str>,
    #[schema(example = "ed25519:11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=")]
    public_key: &'a str,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

/// A checkpoint.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AuditCheckpoint)]
pub(crate) struct CheckpointBody<'a> {
    number: u64,
    /// When it was made, if its text can be read.
    #[schema(value_type = Option<String>, format = DateTime)]
    sealed_at: Option<Timestamp>,
    /// How many entries it covers beyond the one before.
    entries: Option<u64>,
    /// The signed text, to be kept by whoever wants to be sure later.
    statement: &'a str,
}

impl<'a> EntryBody<'a> {
    pub(crate) fn of(entry: &'a StoredEntry) -> Self {
        let StoredEntry {
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
            prev_hash,
            hash,
        } = entry;
        Self {
            id: *id,
            ts: *at,
            actor_kind,
            actor_id,
            action,
            entity_kind,
            entity_id,
            before: before.as_deref().map(value),
            after: after.as_deref().map(value),
            note: note.as_deref(),
            trace_id: trace_id.as_deref(),
            seq: *seq,
            prev_hash: prev_hash.as_deref(),
            hash: hash.as_deref(),
        }
    }
}

/// What the tower wrote is JSON. What somebody else wrote is shown as it is.
fn value(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned()))
}

impl<'a> StateBody<'a> {
    pub(crate) fn of(kind: EntityKind, id: &'a str, at: Option<Timestamp>, found: &'a StateAt) -> Self {
        let state = match &found.content {
            Content::Live(state) => Some(state),
            Content::Deleted => None,
        };
        Self {
            entity_kind: kind.as_str(),
            entity_id: id,
            at,
            seq: found.seq,
            since: found.since,
            deleted: state.is_none(),
            state,
        }
    }
}

impl<'a> SealsBody<'a> {
    pub(crate) fn of(sealed: &'a SealedBy) -> Self {
        let keys = sealed.keys.iter().map(|key| SealingKeyBody {
            number: key.number,
            key_id: key.key_id.as_deref(),
            public_key: &key.public_key,
            created_at: key.created_at,
        });
        let checkpoints = sealed.checkpoints.iter().map(|(number, statement, read)| CheckpointBody {
            number: *number,
            sealed_at: read.as_ref().map(|read| read.statement().sealed_at),
            entries: read.as_ref().map(|read| read.statement().entries),
            statement,
        });
        Self { origin: &sealed.origin, keys: keys.collect(), checkpoints: checkpoints.collect() }
    }
}
