//! One version of a rule for how work is done.

use jct_contract::{DoctrineRefId, Timestamp, TraceId};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::primitives::DoctrineApplicability;
use crate::shape::{EMPTY, OPTIONAL, REQUIRED, Rule, object, or, text, texts, word, work_object};
use crate::words::{DoctrinePriority, DoctrineType};

work_object! {
    /// A doctrine, as it is created. Namespace, name and version together are unique in the tower.
    NewDoctrineRef
    document {
        /// Whose rule it is.
        namespace: String = text(1, 128), REQUIRED;
        /// What it is called there.
        name: String = text(1, 256), REQUIRED;
        /// Which version.
        version: String = text(1, 64), REQUIRED;
        /// What sort of rule it is.
        type_ as "type": DoctrineType = word(DoctrineType::WORDS), REQUIRED;
        /// How binding it is.
        priority: DoctrinePriority = word(DoctrinePriority::WORDS), or("should");
        /// The rule.
        statement: String = text(1, 4000), REQUIRED;
        /// Why.
        rationale: Option<String> = text(0, 4000), OPTIONAL;
        /// Places to look at.
        links: Vec<String> = texts(), EMPTY;
        /// What it applies to.
        applicability: DoctrineApplicability = object::<DoctrineApplicability>(), EMPTY;
        /// Words to find it by.
        tags: Vec<String> = texts(), EMPTY;
        /// Free-form notes.
        meta: Map<String, Value> = Rule::Free, EMPTY;
    }
}

/// A doctrine on the wire.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "kind")]
pub struct DoctrineRef {
    /// Which one.
    pub id: DoctrineRefId,
    /// As it was created.
    #[serde(flatten)]
    pub content: NewDoctrineRef,
    /// The trace of the call that created it.
    pub trace_id: Option<TraceId>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}
