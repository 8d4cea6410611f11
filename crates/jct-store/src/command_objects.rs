//! Writes of work objects and what becomes of them.

use jct_contract::{IssueId, ObjectId, Principal, RunId, TraceId, Violation};
use jct_cwom::{IllegalTransition, IssueChange, Reference, RunChange, Status};

use crate::model::{NewObject, Versioned};

/// A write of one work object.
#[derive(Clone, Debug)]
pub(crate) struct ObjectWrite {
    pub(crate) action: ObjectAction,
    pub(crate) by: Principal,
    pub(crate) trace_id: TraceId,
}

#[derive(Clone, Debug)]
pub(crate) enum ObjectAction {
    Create(Box<NewObject>),
    ChangeIssue { id: IssueId, change: Box<IssueChange>, expect: Option<u64> },
    ChangeRun { id: RunId, change: Box<RunChange>, expect: Option<u64> },
}

/// What became of a request to create a work object.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "most answers are of the large kind, and each is moved once or twice")]
pub enum CreateAnswer {
    /// It is there.
    Created(Versioned),
    /// Objects that it refers to do not exist: all of them, never none.
    Missing(Vec<Reference>),
    /// What must be unique is taken.
    Duplicate {
        /// The object that has it.
        existing: ObjectId,
        /// JSON Pointer (RFC 6901) to the member, or to the last of those that are unique together.
        pointer: &'static str,
    },
    /// Objects that it refers to exist, but do not belong together; never none.
    Mismatch(Vec<Violation>),
}

/// What became of a change of an issue or a run.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "most answers are of the large kind, and each is moved once or twice")]
pub enum ObjectChangeAnswer {
    /// The object as it is now, whether or not the change made a difference.
    Changed(Versioned),
    /// No such object.
    NotFound,
    /// It is not the expected version.
    Stale {
        /// The version it is.
        current: u64,
    },
    /// The state cannot follow the present one.
    Illegal {
        /// From where to where it was to go.
        illegal: IllegalTransition,
        /// Where it can go instead, in the order of the model.
        allowed: Vec<Status>,
    },
    /// Objects that the change refers to do not exist: all of them, never none.
    Missing(Vec<Reference>),
    /// The change takes away what must stay, or names what belongs to something else.
    Refused(Violation),
}
