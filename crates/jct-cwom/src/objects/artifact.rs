//! What a run left behind.

use jct_contract::{ArtifactId, Timestamp, TraceId};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::limits::INTEGER_MAX;
use crate::primitives::{Ref, Verification};
use crate::shape::{EMPTY, OPTIONAL, REQUIRED, Rule, integer, object, reference, text, texts, word, work_object};
use crate::words::{ArtifactType, ObjectKind};

work_object! {
    /// An artifact, as it is created.
    NewArtifact
    /// What of an artifact is stored in columns.
    columns ArtifactColumns {
        /// The run that left it.
        produced_by: Ref = reference(ObjectKind::Run), REQUIRED;
        /// The issue of that run.
        for_issue: Ref = reference(ObjectKind::Issue), REQUIRED;
    }
    document {
        /// What it is.
        type_ as "type": ArtifactType = word(ArtifactType::WORDS), REQUIRED;
        /// What it is called.
        title: String = text(1, 512), REQUIRED;
        /// Where it lies.
        uri: String = text(1, 2000), REQUIRED;
        /// A digest of its bytes, with the name of the algorithm.
        digest: Option<String> = text(1, 128), OPTIONAL;
        /// What kind of data it is.
        media_type: Option<String> = text(1, 128), OPTIONAL;
        /// How many bytes it has.
        size_bytes: Option<u64> = integer(INTEGER_MAX), OPTIONAL;
        /// Its beginning, or what matters in it.
        preview: Option<String> = text(0, 4000), OPTIONAL;
        /// Whether it is what it should be.
        verification: Verification = object::<Verification>(), EMPTY;
        /// Words to find it by.
        tags: Vec<String> = texts(), EMPTY;
        /// Free-form notes.
        meta: Map<String, Value> = Rule::Free, EMPTY;
    }
}

/// An artifact on the wire.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "kind")]
pub struct Artifact {
    /// Which one.
    pub id: ArtifactId,
    /// As it was created.
    #[serde(flatten)]
    pub content: NewArtifact,
    /// The trace of the call that created it.
    pub trace_id: Option<TraceId>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}
