//! What somebody wants done: intent, never execution.

use jct_contract::{IssueId, Timestamp, TraceId};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::primitives::{Acceptance, Actor, IssueRelationships, Ref};
use crate::shape::{
    EMPTY, OPTIONAL, REQUIRED, Rule, list, object, or, reference, references, shape, text, texts, word, work_object,
};
use crate::words::{IssueType, ObjectKind, Priority, Status};

work_object! {
    /// An issue, as it is created.
    NewIssue
    /// What of an issue is stored in columns and join tables.
    columns IssueColumns {
        /// Where the work happens.
        repo: Ref = reference(ObjectKind::Repo), REQUIRED;
        /// Where it is in its life.
        status: Status = word(Status::WORDS), or("planned");
        /// Which rules apply.
        doctrine_refs: Vec<Ref> = references(ObjectKind::DoctrineRef), EMPTY;
        /// Which limits held, and when.
        constraints: Vec<Ref> = references(ObjectKind::ConstraintSnapshot), EMPTY;
        /// What is known about it.
        context_packets: Vec<Ref> = references(ObjectKind::ContextPacket), EMPTY;
    }
    document {
        /// What it is, in a line.
        title: String = text(1, 512), REQUIRED;
        /// What it is, in full.
        description: String = text(0, 16_000), EMPTY;
        /// What sort of work it asks for.
        type_ as "type": IssueType = word(IssueType::WORDS), REQUIRED;
        /// How urgent it is.
        priority: Priority = word(Priority::WORDS), or("P2");
        /// Who is to do it.
        assignees: Vec<Actor> = list::<Actor>(), EMPTY;
        /// Who wants to hear of it.
        watchers: Vec<Actor> = list::<Actor>(), EMPTY;
        /// When it counts as done.
        acceptance: Acceptance = object::<Acceptance>(), EMPTY;
        /// How it stands to other issues.
        relationships: IssueRelationships = object::<IssueRelationships>(), EMPTY;
        /// Words to find it by.
        tags: Vec<String> = texts(), EMPTY;
        /// Free-form notes.
        meta: Map<String, Value> = Rule::Free, EMPTY;
    }
}

shape! {
    /// What may be changed in an issue. What is absent stays; what is there replaces the whole member.
    #[derive(Default)]
    IssueChange {
        /// What it is, in a line.
        title: Option<String> = text(1, 512), OPTIONAL;
        /// What it is, in full.
        description: Option<String> = text(0, 16_000), OPTIONAL;
        /// What sort of work it asks for.
        type_ as "type": Option<IssueType> = word(IssueType::WORDS), OPTIONAL;
        /// How urgent it is.
        priority: Option<Priority> = word(Priority::WORDS), OPTIONAL;
        /// Where it is in its life.
        status: Option<Status> = word(Status::WORDS), OPTIONAL;
        /// Who is to do it.
        assignees: Option<Vec<Actor>> = list::<Actor>(), OPTIONAL;
        /// Who wants to hear of it.
        watchers: Option<Vec<Actor>> = list::<Actor>(), OPTIONAL;
        /// When it counts as done.
        acceptance: Option<Acceptance> = object::<Acceptance>(), OPTIONAL;
        /// How it stands to other issues.
        relationships: Option<IssueRelationships> = object::<IssueRelationships>(), OPTIONAL;
        /// Words to find it by.
        tags: Option<Vec<String>> = texts(), OPTIONAL;
        /// Free-form notes.
        meta: Option<Map<String, Value>> = Rule::Free, OPTIONAL;
    }
}

/// An issue on the wire.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "kind")]
pub struct Issue {
    /// Which one.
    pub id: IssueId,
    /// As it stands; the references are those of the links.
    #[serde(flatten)]
    pub content: NewIssue,
    /// Its executions, oldest first.
    pub runs: Vec<Ref>,
    /// The trace of the call that created it.
    pub trace_id: Option<TraceId>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}
