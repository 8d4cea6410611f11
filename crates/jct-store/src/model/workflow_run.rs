//! Runs of workflows: facts that grow, the tasks of their steps, and the lease of whoever drives them.

use std::sync::Arc;
use std::time::Duration;

use jct_contract::{EventId, Principal, Sha256Digest, TaskId, Timestamp, TraceId, WorkerId, WorkflowId, WorkflowRunId};
use jct_event::WorkflowRunStatus;
use jct_lifecycle::{Fence, ReasonCode, TaskStatus};

/// A run to be started.
#[derive(Clone, Debug)]
pub struct NewWorkflowRun {
    /// Which workflow.
    pub workflow_id: WorkflowId,
    /// Which version of it.
    pub version: u32,
    /// What started it.
    pub cause: RunCause,
    /// What expressions see as the event: canonical JSON, `null` if there is none.
    pub event: Arc<str>,
    /// How many events of the tower stand between it and something from outside.
    pub depth: u32,
    /// How long it may take.
    pub timeout: Duration,
    /// Follows the run and its tasks.
    pub trace_id: TraceId,
}

/// What starts a run.
#[derive(Clone, Debug)]
pub enum RunCause {
    /// Somebody does, for themselves.
    Hand {
        /// Who.
        by: Principal,
        /// What makes asking again harmless, if they want that.
        key: Option<RunKey>,
    },
    /// An event does, for the workflow's owner, unless the workflow is no longer active.
    Event {
        /// Which.
        id: EventId,
    },
    /// Somebody has a run done again from a step on.
    Fork {
        /// Who.
        by: Principal,
        /// From where.
        fork: RunFork,
        /// What the machine keeps, as text.
        kept: String,
        /// The event of the run that is done again.
        event_id: Option<EventId>,
    },
}

impl RunCause {
    /// What makes asking again harmless.
    pub(crate) const fn key(&self) -> Option<&RunKey> {
        match self {
            Self::Hand { key, .. } => key.as_ref(),
            Self::Event { .. } | Self::Fork { .. } => None,
        }
    }
}

/// What a repeated request for a run is known by. A key stands for one run of its workflow, for as long as that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunKey {
    /// The key: 1 to 256 characters, without U+0000.
    pub key: String,
    /// The digest of what is asked for.
    pub digest: Sha256Digest,
}

/// Where a fork comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunFork {
    /// The run that is done again.
    pub from: WorkflowRunId,
    /// The step from which on.
    pub step: String,
}

/// What became of a [`NewWorkflowRun`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RunStartAnswer {
    /// It is there.
    Started(Box<WorkflowRunRecord>),
    /// The same was asked for before under the same key, and this is the run; nothing was started.
    Replayed(Box<WorkflowRunRecord>),
    /// Something else was asked for before under the same key; nothing was started.
    KeyReused {
        /// The run that the key belongs to.
        run: WorkflowRunId,
    },
    /// The event has started this workflow before.
    Repeated,
    /// The workflow is not active, and events start none of its runs.
    Inactive,
    /// There is no such workflow.
    NotFound,
}

/// A run as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkflowRunRecord {
    /// Its id.
    pub id: WorkflowRunId,
    /// Of which workflow.
    pub workflow_id: WorkflowId,
    /// Of which version.
    pub version: u32,
    /// Where it is.
    pub status: WorkflowRunStatus,
    /// The event that started it, or the run that it was forked from.
    pub event_id: Option<EventId>,
    /// Where it was forked from.
    pub fork: Option<RunFork>,
    /// How many events of the tower stand between it and something from outside.
    pub depth: u32,
    /// For whom its tasks are handed in.
    pub started_by: Principal,
    /// Follows the run and its tasks.
    pub trace_id: TraceId,
    /// When it was started.
    pub created_at: Timestamp,
    /// When its time is over.
    pub deadline_at: Timestamp,
    /// How it ended, if it did.
    pub end: Option<RunEnd>,
    /// Whether somebody wants it called off.
    pub cancel: Option<CancelRequest>,
    /// How many facts it has.
    pub facts: u64,
}

/// The end of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunEnd {
    /// When.
    pub at: Timestamp,
    /// What it came to: a JSON object as text.
    pub result: Option<String>,
    /// Why it did not succeed, for people.
    pub error: Option<String>,
}

/// Somebody wants a run called off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CancelRequest {
    /// When it was asked for.
    pub at: Timestamp,
    /// Who asked.
    pub by: String,
}

/// What a run was begun with; it never changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkflowRunInput {
    /// What expressions see as the event.
    pub event: String,
    /// What a fork keeps.
    pub kept: Option<String>,
}

/// A fact about a run; it never changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkflowFact {
    /// The how-manieth, from 1.
    pub seq: u64,
    /// When it was kept.
    pub at: Timestamp,
    /// The fact, as the machine writes it.
    pub fact: String,
    /// More about it, for people.
    pub detail: Option<String>,
}

/// A fact to be kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewWorkflowFact {
    /// The fact, as the machine writes it.
    pub fact: String,
    /// More about it, for people.
    pub detail: Option<String>,
}

/// The task of one attempt of a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkflowStepTask {
    /// Which step.
    pub step: String,
    /// Which attempt, from 1.
    pub attempt: u32,
    /// Its task.
    pub task_id: TaskId,
    /// When that was enqueued.
    pub enqueued_at: Timestamp,
    /// When the attempt's time is over.
    pub deadline_at: Timestamp,
    /// When its task was asked to stop.
    pub cancelled_at: Option<Timestamp>,
    /// When the run took note of its end; until then it is open.
    pub closed_at: Option<Timestamp>,
    /// How its task ended, if it did.
    pub end: Option<WorkflowStepEnd>,
}

/// How the task of a step ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkflowStepEnd {
    /// The status of the task.
    pub status: TaskStatus,
    /// Why.
    pub reason: ReasonCode,
    /// Its result: a JSON object as text.
    pub result: Option<String>,
    /// Its error, for people.
    pub error: Option<String>,
    /// When its first attempt started, if one did.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub finished_at: Timestamp,
}

/// Which tasks of steps are asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WorkflowSteps {
    /// All of them.
    All,
    /// Those whose ends the run has not taken note of.
    Open,
    /// Those of these steps.
    Of(Vec<String>),
}

/// A task that was enqueued for an attempt of a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenedStep {
    /// Which step.
    pub step: String,
    /// Which attempt, from 1.
    pub attempt: u32,
    /// Its task.
    pub task_id: TaskId,
    /// When that was enqueued.
    pub enqueued_at: Timestamp,
    /// When the attempt's time is over.
    pub deadline_at: Timestamp,
}

/// Runs that have to be looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DueRuns {
    /// Those that nobody drives.
    pub runs: Vec<WorkflowRunId>,
    /// When the next one is due though nothing happens, even if whoever drives one now is gone.
    pub next: Option<Timestamp>,
}

/// One lease of one run: what whoever drives it presents with everything that it writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RunLease {
    /// The run.
    pub run_id: WorkflowRunId,
    /// The fence of the lease.
    pub fence: Fence,
}

/// A request to drive a run.
#[derive(Clone, Copy, Debug)]
pub struct RunClaim {
    /// Which run.
    pub run_id: WorkflowRunId,
    /// The asking process.
    pub holder: WorkerId,
    /// How long the lease lasts unless it is renewed.
    pub lease: Duration,
}

/// A run to be driven.
#[derive(Clone, Debug)]
pub struct ClaimedRun {
    /// What every write about it has to carry.
    pub lease: RunLease,
    /// The run.
    pub run: WorkflowRunRecord,
}

/// What was found out about a run, and what was done for it: kept as a whole or not at all.
#[derive(Clone, Debug)]
pub struct RunAdvance {
    /// The lease.
    pub lease: RunLease,
    /// How many facts there have to be.
    pub facts_before: u64,
    /// What comes after them.
    pub facts: Vec<NewWorkflowFact>,
    /// Where the run is after them.
    pub status: WorkflowRunStatus,
    /// How it ended; with a final status and only then.
    pub end: Option<NewRunEnd>,
    /// Tasks that were enqueued.
    pub opened: Vec<OpenedStep>,
    /// Tasks that were asked to stop.
    pub cancelled: Vec<TaskId>,
    /// Tasks whose ends are taken note of.
    pub closed: Vec<TaskId>,
    /// Whether the facts, with these, know of a request to call the run off.
    pub knows_cancel: bool,
    /// What becomes of the lease.
    pub then: RunThen,
}

/// The end of a run to be kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewRunEnd {
    /// What it came to: a JSON object as text.
    pub result: Option<String>,
    /// Why it did not succeed, for people.
    pub error: Option<String>,
}

/// What becomes of a lease after a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunThen {
    /// It lasts that long from now.
    Hold(Duration),
    /// It ends; if nothing happens, the run is looked at then. A run that is over is never looked at.
    Release {
        /// When.
        look_at: Timestamp,
    },
}

/// What became of a [`RunAdvance`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AdvanceAnswer {
    /// Everything was kept.
    Advanced {
        /// When: the time of the new facts.
        at: Timestamp,
    },
    /// The lease is gone, or somebody else added facts; nothing was kept.
    Stale,
}

/// What became of a request to call a run off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CancelRunAnswer {
    /// It is asked for, now or before.
    Requested(Box<WorkflowRunRecord>),
    /// The run is over.
    Over(Box<WorkflowRunRecord>),
    /// The workflow has no such run.
    NotFound,
}
