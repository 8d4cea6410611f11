//! What was known when work on an issue began. It never changes: what is learned later is a new version.

use jct_contract::{ContextPacketId, Timestamp, TraceId};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::primitives::{ContextInputs, Ref};
use crate::shape::{EMPTY, OPTIONAL, REQUIRED, Rule, object, reference, references, text, texts, work_object};
use crate::words::ObjectKind;

work_object! {
    /// A context packet, as it is created.
    NewContextPacket
    /// What of a context packet is stored in columns and join tables.
    columns ContextPacketColumns {
        /// What it is about.
        for_issue: Ref = reference(ObjectKind::Issue), REQUIRED;
        /// Which rules apply.
        doctrine_refs: Vec<Ref> = references(ObjectKind::DoctrineRef), EMPTY;
        /// Which limits hold.
        constraint_snapshot: Option<Ref> = reference(ObjectKind::ConstraintSnapshot), OPTIONAL;
    }
    document {
        /// Which version; unique within its issue.
        version: String = text(1, 64), REQUIRED;
        /// In a few words.
        summary: String = text(1, 4000), REQUIRED;
        /// What to work with.
        inputs: ContextInputs = object::<ContextInputs>(), EMPTY;
        /// What is taken for granted.
        assumptions: Vec<String> = texts(), EMPTY;
        /// What nobody knows yet.
        open_questions: Vec<String> = texts(), EMPTY;
        /// What to do.
        instructions: String = text(0, 8000), EMPTY;
        /// Words to find it by.
        tags: Vec<String> = texts(), EMPTY;
        /// Free-form notes.
        meta: Map<String, Value> = Rule::Free, EMPTY;
    }
}

/// A context packet on the wire.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "kind")]
pub struct ContextPacket {
    /// Which one.
    pub id: ContextPacketId,
    /// As it was created.
    #[serde(flatten)]
    pub content: NewContextPacket,
    /// The trace of the call that created it.
    pub trace_id: Option<TraceId>,
    /// When it was created.
    pub created_at: Timestamp,
}
