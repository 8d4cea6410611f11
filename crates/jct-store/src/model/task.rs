//! A stored task: its immutable part, where it stands, and lists of it.

use std::fmt;
use std::str::FromStr;

use jct_contract::{
    IssueId, JobType, NormalizedTask, ObjectId, Operation, Principal, RequesterKind, Sha256Digest, TaskId, Timestamp,
    TraceId, WorkerId,
};
use jct_lifecycle::{Fence, JobStatus, ReasonCode, TaskStatus};

use super::{JobManifest, JobRecordFacts, TraceRef};
use crate::types::Id;

/// A task as the store knows it.
#[derive(Clone, Debug)]
pub struct TaskRecord {
    /// The task's id.
    pub id: TaskId,
    /// What was asked for, normalised.
    pub task: NormalizedTask,
    /// The id that follows the task through logs, events and traces.
    pub trace_id: TraceId,
    /// The authenticated principal that handed the task in.
    pub submitter: Principal,
    /// When the task was handed in.
    pub created_at: Timestamp,
    /// The issue that was created with the task.
    pub issue_id: Option<IssueId>,
    /// What it is as a job.
    pub job: JobRecordFacts,
    /// The manifest that it runs, if it runs one.
    pub manifest: Option<JobManifest>,
    /// Where the task stands.
    pub state: TaskState,
}

/// Where a task stands, with what only that state has.
#[derive(Clone, Debug, PartialEq)]
pub enum TaskState {
    /// Held until released.
    Pending {
        /// Since when.
        held_at: Timestamp,
    },
    /// Waiting for a worker.
    Queued {
        /// When it was first queued.
        queued_at: Timestamp,
        /// When its first attempt started, if one did.
        started_at: Option<Timestamp>,
        /// When it last changed.
        updated_at: Timestamp,
        /// Not before this moment; in the future while it backs off.
        run_at: Timestamp,
        /// Attempts made so far.
        attempts: u32,
        /// Attempts it gets in all.
        max_attempts: u32,
        /// How the last attempt ended, if there was one.
        last_reason: Option<ReasonCode>,
    },
    /// Leased.
    Running {
        /// When it was first queued.
        queued_at: Timestamp,
        /// When its first attempt started.
        started_at: Timestamp,
        /// When this lease began.
        acquired_at: Timestamp,
        /// When this lease ends unless renewed.
        expires_at: Timestamp,
        /// The running attempt, from 1.
        attempt: u32,
        /// The fence of the lease.
        fence: Fence,
        /// Who holds it.
        holder: Holder,
        /// The name shown as the task's assignee.
        assigned_to: String,
        /// Attempts the task gets in all.
        max_attempts: u32,
        /// Whether and when somebody asked to cancel.
        cancel_requested_at: Option<Timestamp>,
        /// Why, if the first who asked said so.
        cancel_note: Option<String>,
    },
    /// Over.
    Finished {
        /// `Completed`, `Failed` or `Cancelled`.
        status: TaskStatus,
        /// Why.
        reason: ReasonCode,
        /// The result of a completed task (a JSON object as text), or else the error.
        outcome: Result<String, String>,
        /// When it was first queued, if ever.
        queued_at: Option<Timestamp>,
        /// When its first attempt started, if one did.
        started_at: Option<Timestamp>,
        /// When it ended.
        finished_at: Timestamp,
        /// The attempt that decided, if one did.
        attempt: Option<u32>,
        /// The last assignee, if any.
        assigned_to: Option<String>,
        /// The trace path; with a manifest digest only for folders the tower sealed.
        trace: Option<TraceRef>,
    },
}

/// Who holds a lease.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Holder {
    /// A worker process of the tower.
    Worker {
        /// The process.
        id: WorkerId,
        /// Its name.
        name: String,
    },
    /// A principal outside the tower that took the task by itself.
    External {
        /// The principal's name.
        principal: String,
    },
}

impl TaskState {
    /// The status this state stands for.
    #[must_use]
    pub const fn status(&self) -> TaskStatus {
        match self {
            Self::Pending { .. } => TaskStatus::Pending,
            Self::Queued { .. } => TaskStatus::Queued,
            Self::Running { .. } => TaskStatus::Running,
            Self::Finished { status, .. } => *status,
        }
    }

    /// How the job stands that the task is.
    #[must_use]
    pub const fn job_status(&self) -> JobStatus {
        let reason = match self {
            Self::Finished { reason, .. } => Some(*reason),
            Self::Pending { .. } | Self::Queued { .. } | Self::Running { .. } => None,
        };
        JobStatus::of(self.status(), reason)
    }

    /// When the task last changed.
    #[must_use]
    pub const fn updated_at(&self) -> Timestamp {
        match self {
            Self::Pending { held_at } => *held_at,
            Self::Queued { updated_at, .. } => *updated_at,
            Self::Running { acquired_at, .. } => *acquired_at,
            Self::Finished { finished_at, .. } => *finished_at,
        }
    }
}

/// The record of one admission: which policy, over which input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Admission {
    /// The decision's id.
    pub decision_id: uuid::Uuid,
    /// The digest of the policy in force.
    pub policy_digest: Sha256Digest,
    /// The digest of the admitted task.
    pub input_digest: Sha256Digest,
    /// When it was admitted.
    pub admitted_at: Timestamp,
}

/// One attempt of a task.
#[derive(Clone, Debug, PartialEq)]
pub struct AttemptRecord {
    /// The how-manieth, from 1; never used twice.
    pub ordinal: u32,
    /// The fence of its lease.
    pub fence: Fence,
    /// Who ran it.
    pub holder: Holder,
    /// When it started.
    pub started_at: Timestamp,
    /// When it ended, why, what it said, and the task's status after it; absent while it runs.
    pub end: Option<AttemptOutcome>,
}

/// The end of an attempt.
#[derive(Clone, Debug, PartialEq)]
pub struct AttemptOutcome {
    /// When.
    pub ended_at: Timestamp,
    /// Why.
    pub reason: ReasonCode,
    /// For people, where there is something to say.
    pub message: Option<String>,
    /// The task's status after it.
    pub next_status: TaskStatus,
    /// The sealed trace folder, if there is one.
    pub trace: Option<TraceRef>,
}

/// A lease taken by an executor outside the tower.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExternalLease {
    /// The fence to send back.
    pub fence: Fence,
    /// When the lease ends.
    pub expires_at: Timestamp,
    /// The attempt, from 1.
    pub attempt: u32,
}

/// Which tasks a list shows. All given conditions must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TaskFilter {
    /// Only this status.
    pub status: Option<TaskStatus>,
    /// Only this operation.
    pub operation: Option<Operation>,
    /// Only this kind of requester.
    pub requester_kind: Option<RequesterKind>,
    /// Only this repository, in its normalised form.
    pub target_repo: Option<String>,
    /// Only tasks created after this moment.
    pub created_after: Option<Timestamp>,
    /// Only tasks created before this moment.
    pub created_before: Option<Timestamp>,
    /// Only jobs of this type.
    pub job_type: Option<JobType>,
    /// Only jobs that stand like this.
    pub job_status: Option<JobStatus>,
}

/// Where a page of a list begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PageStart {
    /// After this many entries, at most 10,000.
    Offset(u32),
    /// After the entry the cursor names.
    After(Cursor),
}

/// An opaque place in a list: stays valid while entries come and go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor(uuid::Uuid);

/// The text is not a cursor of this list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a cursor returned by this list")]
pub struct InvalidCursor;

impl Cursor {
    /// The place right after this task.
    #[must_use]
    pub const fn after(task: TaskId) -> Self {
        Self(task.as_uuid())
    }

    /// The place right after this work object.
    #[must_use]
    pub const fn after_object(object: ObjectId) -> Self {
        Self(object.as_uuid())
    }

    /// The place right after whatever has this id.
    pub(crate) const fn after_id(id: Id) -> Self {
        Self(id.0)
    }

    /// The place right after the entry of the audit log, or of another numbered list, at this position.
    pub(crate) fn after_position(position: i64) -> Self {
        Self(uuid::Uuid::from_u128(u128::from(position.unsigned_abs())))
    }

    pub(crate) const fn id(self) -> Id {
        Id(self.0)
    }

    /// The position, if the cursor is one of the audit log; the end of all positions otherwise.
    pub(crate) fn position(self) -> i64 {
        i64::try_from(self.0.as_u128()).unwrap_or(i64::MAX)
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "t1{}", self.0.as_simple())
    }
}

impl FromStr for Cursor {
    type Err = InvalidCursor;

    fn from_str(text: &str) -> Result<Self, InvalidCursor> {
        let id = text.strip_prefix("t1").filter(|id| id.len() == 32).ok_or(InvalidCursor)?;
        uuid::Uuid::try_parse(id).map(Self).map_err(|_| InvalidCursor)
    }
}

/// One page of a list, newest first.
#[derive(Clone, Debug)]
pub struct Page<T> {
    /// The entries.
    pub items: Vec<T>,
    /// Where the next page begins; absent on the last.
    pub next: Option<Cursor>,
}
