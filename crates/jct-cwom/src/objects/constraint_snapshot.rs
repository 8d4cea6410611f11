//! The limits that held at one moment. It never changes: other limits are another snapshot.

use jct_contract::{ConstraintSnapshotId, Timestamp, TraceId};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::primitives::{Actor, Constraints};
use crate::shape::{EMPTY, REQUIRED, Rule, object, texts, word, work_object};
use crate::words::ConstraintScope;

work_object! {
    /// A snapshot of constraints, as it is created.
    NewConstraintSnapshot
    document {
        /// What it holds for.
        scope: ConstraintScope = word(ConstraintScope::WORDS), REQUIRED;
        /// Whose limits they are.
        owner: Actor = object::<Actor>(), REQUIRED;
        /// The limits.
        constraints: Constraints = object::<Constraints>(), EMPTY;
        /// Words to find it by.
        tags: Vec<String> = texts(), EMPTY;
        /// Free-form notes.
        meta: Map<String, Value> = Rule::Free, EMPTY;
    }
}

/// A snapshot of constraints on the wire.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "kind")]
pub struct ConstraintSnapshot {
    /// Which one.
    pub id: ConstraintSnapshotId,
    /// As it was created.
    #[serde(flatten)]
    pub content: NewConstraintSnapshot,
    /// The trace of the call that created it.
    pub trace_id: Option<TraceId>,
    /// When the tower took it down.
    pub captured_at: Timestamp,
}
