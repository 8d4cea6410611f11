//! The audit log: which entries to read, the keys and checkpoints that seal it, and what sealing answers.

use jct_audit::{ChainHead, Leaves, PublicKey, SignedCheckpoint, SignedRotation, StoredEntry};
use jct_contract::{Principal, Timestamp};

/// Which entries to read, oldest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditQuery {
    /// The kind of object: `task`, `worker`, `queue`, `api_key`, `audit_key`, `worker_token`, `manifest` or the kind of a work object.
    pub entity_kind: String,
    /// The object.
    pub entity_id: String,
    /// At most this many.
    pub limit: u32,
}

/// Which entries a list shows. All given conditions must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// Only about objects of this kind.
    pub entity_kind: Option<String>,
    /// Only about the object with this id.
    pub entity_id: Option<String>,
    /// Only of this trace.
    pub trace_id: Option<String>,
    /// Only changes made by the principal of this name.
    pub actor: Option<String>,
    /// Only this action.
    pub action: Option<String>,
    /// Only entries made after this moment.
    pub after: Option<Timestamp>,
    /// Only entries made before this moment.
    pub before: Option<Timestamp>,
}

/// A place in the log ordered by entity: kind, id, number within the entity, and position.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChainPlace {
    pub(crate) entity_kind: String,
    pub(crate) entity_id: String,
    pub(crate) seq: i64,
    pub(crate) position: i64,
}

/// A row of the log, readable or not: whoever rewrites a database may leave anything there.
#[derive(Clone, Debug, PartialEq)]
pub enum ChainRow {
    /// An entry.
    Entry(Box<StoredEntry>),
    /// A row that cannot be read as one.
    Unreadable {
        /// The kind of the entity.
        entity_kind: String,
        /// The entity.
        entity_id: String,
        /// Its number; 0 if that is what cannot be read.
        seq: u64,
        /// What is wrong with it.
        why: String,
    },
}

/// Some rows of the log, ordered by entity and then by number.
#[derive(Clone, Debug, PartialEq)]
pub struct ChainRows {
    /// The rows.
    pub rows: Vec<ChainRow>,
    /// Where to go on; `None` at the end.
    pub next: Option<ChainPlace>,
}

/// Which chains to read, each as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChainFilter {
    /// All of them.
    Whole,
    /// That of one entity.
    Entity {
        /// Its kind.
        entity_kind: String,
        /// Its id.
        entity_id: String,
    },
    /// Those of all entities that have an entry of this trace.
    Trace {
        /// The trace.
        trace_id: String,
    },
}

/// An entry as sealing needs it: its place in the order of writing and what its chain ends in with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditHead {
    /// The position in the database.
    pub position: u64,
    /// The end of the chain; `None` if the row is not readable as one, which verification will name.
    pub head: Option<ChainHead>,
}

/// A key of the log, as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditKeyRecord {
    /// Its place: 1 for the first, 2 for the one that the first introduced, ...
    pub number: u64,
    /// The key, as text.
    pub public_key: String,
    /// When it was registered.
    pub created_at: Timestamp,
    /// The signed text by which the key before introduced it; `None` for the first.
    pub rotation: Option<String>,
}

/// A checkpoint, as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckpointRecord {
    /// Its number, from 1.
    pub number: u64,
    /// The signed text.
    pub statement: String,
    /// The text of its leaves; empty where they were not asked for.
    pub leaves: String,
}

/// A checkpoint to be kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewCheckpoint {
    /// The signed statement.
    pub checkpoint: SignedCheckpoint,
    /// What it seals.
    pub leaves: Leaves,
}

/// A key to be kept.
#[derive(Clone, Debug)]
pub enum NewAuditKey {
    /// The first key of the log.
    First {
        /// The key.
        key: PublicKey,
        /// Who registers it.
        by: Principal,
    },
    /// The key that the one in force introduces.
    Next {
        /// The signed introduction.
        rotation: SignedRotation,
        /// Who asks for it.
        by: Principal,
    },
}

/// What became of a key or of a checkpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SealAnswer {
    /// It is kept.
    Kept,
    /// The log has moved on: another process was first. Look again.
    Outrun,
    /// Another key is in force than the one that signed.
    KeyNotInForce,
}
