//! Work on its way through a worker: claim, heartbeat, settle, reap.

use std::time::Duration;

use jct_contract::{
    CapabilitySet, IsolationLevel, JobType, NormalizedTask, RunId, Sha256Digest, TaskId, Timestamp, TraceId, WorkerId,
};
use jct_lifecycle::{AttemptEnd, Disposition, Fence, LeaseRef, ReasonCode, RetryPolicy, TaskStatus};

use super::{Admission, ClaimedManifest, JobRecordFacts, NewEvidence, RunReport};

/// A request for work.
#[derive(Clone, Debug)]
pub struct Claim {
    /// The asking process.
    pub worker_id: WorkerId,
    /// Its name, shown as the assignee.
    pub worker_name: String,
    /// The most tasks to hand out.
    pub limit: u32,
    /// How long each lease lasts unless renewed.
    pub lease: Duration,
    /// Which tasks fit.
    pub filter: ClaimFilter,
    /// The isolation level that the worker gives: tasks that insist on a higher one are left where they are. `None` takes
    /// them all.
    pub isolation: Option<IsolationLevel>,
}

/// What a claim would find.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DueWork {
    /// Nothing is due that fits.
    Nothing,
    /// All that is due and fits is kept for other workers, by its affinity key.
    KeptForOthers,
    /// Something is due that the worker may have.
    Free,
}

/// Which tasks a worker takes. All of it must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClaimFilter {
    /// Whether tasks of the V1 contract are taken whatever they need; what no executor of the worker fits fails with
    /// `NO_EXECUTOR`.
    pub any_task: bool,
    /// What the worker has: everything else that it takes needs nothing beside it.
    pub capabilities: CapabilitySet,
    /// The only types that it takes; `None` for all.
    pub types: Option<Vec<JobType>>,
    /// The only repositories that what it takes may be about, each an owner, or an owner and more whole segments, in
    /// normal form; `None` for all. Types without a repository are not limited by it.
    pub repositories: Option<Vec<String>>,
}

impl ClaimFilter {
    /// Every task of the V1 contract, and jobs of other types that need nothing beside `capabilities`.
    #[must_use]
    pub fn any(capabilities: CapabilitySet) -> Self {
        Self { any_task: true, ..Self::offering(capabilities) }
    }

    /// Tasks and jobs that need nothing beside `capabilities`. A task needs the one that is named like its executor.
    #[must_use]
    pub const fn offering(capabilities: CapabilitySet) -> Self {
        Self { any_task: false, capabilities, types: None, repositories: None }
    }
}

/// A task handed to a worker.
#[derive(Clone, Debug)]
pub struct ClaimedTask {
    /// What every write about it must carry.
    pub lease: LeaseRef,
    /// The attempt this lease is for, from 1.
    pub attempt: u32,
    /// When the lease ends unless renewed.
    pub expires_at: Timestamp,
    /// When the task became ready to run; what it waited is the claim's time less this.
    pub ready_at: Timestamp,
    /// When it was claimed.
    pub claimed_at: Timestamp,
    /// What to do.
    pub task: NormalizedTask,
    /// Follows the task through logs, events and traces.
    pub trace_id: TraceId,
    /// Which policy, over which input, let the task in.
    pub admission: Admission,
    /// The run of this attempt, if the task has an issue.
    pub run_id: Option<RunId>,
    /// What the task is as a job.
    pub job: JobRecordFacts,
    /// The manifest to run, if it runs one.
    pub manifest: Option<ClaimedManifest>,
}

/// What a heartbeat learns about one lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeartbeatAnswer {
    /// Still held, now until `expires_at`.
    Held {
        /// The lease's new end.
        expires_at: Timestamp,
        /// Somebody asked to cancel the task.
        cancel_requested: bool,
    },
    /// No longer held: stop at once, nothing of this attempt will be accepted.
    Lost,
}

/// A sealed trace folder, or the opaque path an outside executor reported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceRef {
    /// Relative to the trace root for sealed folders.
    pub path: String,
    /// The digest of the folder's manifest; only sealed folders have one.
    pub manifest_digest: Option<String>,
}

/// A file that the attempt left among the artifacts of its sealed trace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArtifactFile {
    /// The path in the trace folder.
    pub path: String,
    /// Its size in bytes.
    pub size_bytes: u64,
    /// The digest of its content.
    pub digest: Sha256Digest,
}

/// The end of an attempt as its holder reports it.
#[derive(Clone, Debug)]
pub struct Settlement {
    /// The lease this belongs to.
    pub lease: LeaseRef,
    /// How the attempt ended.
    pub end: AttemptEnd,
    /// What proves it.
    pub trace: Option<TraceRef>,
    /// What it left; registered with the run of the attempt, if there is one. The digest of the trace's manifest covers
    /// these files too.
    pub artifacts: Vec<ArtifactFile>,
    /// What was found out about it by somebody who did not do it. Without any, a completed attempt counts as unproven.
    pub evidence: Option<NewEvidence>,
    /// What it says of itself.
    pub report: RunReport,
    /// What a run of a registered manifest leaves for the next one: kept with the entry if the attempt completed.
    pub manifest_state: Option<String>,
    /// How the task is tried again, if it is.
    pub retry: RetryPolicy,
    /// 0 to 1, chosen by the caller, so that the store needs no random numbers.
    pub jitter: f64,
}

/// What the store says to a settlement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SettleAnswer {
    /// Accepted: this is what follows.
    Accepted(Disposition),
    /// The same settlement was accepted before; nothing was written.
    Repeated {
        /// The task's status after the first time.
        status: TaskStatus,
    },
    /// The lease is gone; nothing was accepted, the refusal is in the audit log.
    Stale {
        /// The fence of the lease that lives now, if one does.
        current: Option<Fence>,
    },
}

/// A lease that ran out and what the reaper did about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reaped {
    /// The lease.
    pub lease: LeaseRef,
    /// The attempt it was for.
    pub attempt: u32,
    /// The trace the task belongs to.
    pub trace_id: TraceId,
    /// The status of the task now.
    pub status: TaskStatus,
    /// Why.
    pub reason: ReasonCode,
}

/// A pause of the queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pause {
    /// The principal that paused it.
    pub by: String,
    /// Why.
    pub reason: String,
    /// Since when.
    pub at: Timestamp,
}

/// The queue at a glance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueStatus {
    /// Tasks by status, in the order of [`TaskStatus::ALL`]. Each count stops at 100,000.
    pub depth: [u64; 6],
    /// Queued tasks whose time has not come.
    pub not_due: u64,
    /// Since when the longest waiting due task could have run.
    pub oldest_ready_at: Option<Timestamp>,
    /// The pause, if there is one.
    pub paused: Option<Pause>,
}

/// Where a queued task stands in line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueuePosition {
    /// The executor it needs.
    pub executor: String,
    /// Due tasks that go before it among those of its type that need the same; stops at 10,000.
    pub ahead: u64,
    /// The task in question.
    pub task_id: TaskId,
}

/// A finished task in the eyes of somebody who measures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FinishedTask {
    /// The task.
    pub task_id: TaskId,
    /// How it ended.
    pub status: TaskStatus,
    /// Why.
    pub reason: ReasonCode,
    /// When it was first queued, if ever.
    pub queued_at: Option<Timestamp>,
    /// When its first attempt started, if one did.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub finished_at: Timestamp,
}

/// What went wrong in the tower's life; never shrinks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct IncidentCounts {
    /// Attempts whose lease ran out.
    pub leases_lost: u64,
    /// Writes that came after their lease.
    pub stale_writes_refused: u64,
}
