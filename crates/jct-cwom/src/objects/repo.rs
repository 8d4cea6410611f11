//! The repository that work happens in.

use jct_contract::{RepoId, Timestamp, TraceId};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::primitives::{Actor, RepoPolicy, Source};
use crate::shape::{EMPTY, OPTIONAL, REQUIRED, Rule, list, object, or, text, texts, word, work_object};
use crate::words::Visibility;

work_object! {
    /// A repository, as it is created.
    NewRepo
    document {
        /// What people call it; may change.
        name: String = text(1, 256), REQUIRED;
        /// What programs call it: unique in the tower, never changes.
        slug: String = text(1, 256), REQUIRED;
        /// Where it comes from.
        source: Source = object::<Source>(), REQUIRED;
        /// The branch that work starts from.
        default_branch: String = text(1, 128), or("main");
        /// Who may see it.
        visibility: Visibility = word(Visibility::WORDS), or("private");
        /// Who answers for it.
        owners: Vec<Actor> = list::<Actor>(), EMPTY;
        /// What is allowed in it.
        policy: Option<RepoPolicy> = object::<RepoPolicy>(), OPTIONAL;
        /// Places to look at.
        links: Vec<String> = texts(), EMPTY;
        /// Words to find it by.
        tags: Vec<String> = texts(), EMPTY;
        /// Free-form notes.
        meta: Map<String, Value> = Rule::Free, EMPTY;
    }
}

/// A repository on the wire.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "kind")]
pub struct Repo {
    /// Which one.
    pub id: RepoId,
    /// As it was created.
    #[serde(flatten)]
    pub content: NewRepo,
    /// The trace of the call that created it.
    pub trace_id: Option<TraceId>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}
