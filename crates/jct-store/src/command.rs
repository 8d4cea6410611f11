//! Everything that writes, as values: the writer collects concurrent commands and commits them together.

use std::time::Duration;

use jct_contract::{ControlId, Principal, TaskId, WorkerId};
use jct_lifecycle::{AttemptEnd, Fence, IllegalTransition, LeaseRef, RetryPolicy, TaskStatus};

use crate::StoreError;
use crate::command_events::{EventAnswer, EventWrite};
use crate::command_objects::{CreateAnswer, ObjectChangeAnswer, ObjectWrite};
use crate::command_workflows::{WorkflowAnswer, WorkflowWrite};
use crate::model::{
    ApiKeyRecord, Claim, ClaimedTask, ControlRecord, EgressRecord, Enqueued, ExternalLease, HeartbeatAnswer,
    JobArtifactAnswer, ManifestDelete, ManifestPut, NewApiKey, NewAuditKey, NewCheckpoint, NewControl, NewEvent,
    NewJobArtifact, NewManifestVersion, NewPush, NewReview, NewTakenArtifact, NewTask, NewWorker, NewWorkerToken,
    Reaped, ReviewAnswer, SealAnswer, SettleAnswer, Settlement, TakenArtifactAnswer, WorkerTokenRecord,
};

/// A write on its way to the writer.
#[derive(Debug)]
pub(crate) enum Command {
    Enqueue(Vec<NewTask>),
    Claim(Claim),
    Heartbeat { worker_id: WorkerId, leases: Vec<LeaseRef>, lease: Duration },
    Record { lease: LeaseRef, events: Vec<NewEvent> },
    Settle(Box<Settlement>),
    Reap { retry: RetryPolicy, limit: u32, jitter: f64 },
    ChangeStatus(StatusChange),
    Pause { by: Principal, reason: String },
    Resume { by: Principal },
    WorkerStarted(NewWorker),
    WorkerSeen(WorkerId),
    WorkerStopped(WorkerId),
    CreateKey(NewApiKey),
    RevokeKey { name: String, by: Principal },
    Object(ObjectWrite),
    Review(Box<NewReview>),
    Egress { lease: LeaseRef, records: Vec<EgressRecord> },
    Push(Box<NewPush>),
    Seal(Box<NewCheckpoint>),
    KeepAuditKey(Box<NewAuditKey>),
    CreateWorkerToken(Box<NewWorkerToken>),
    RevokeWorkerToken { id: WorkerId, by: Principal },
    WorkerTokenUsed(WorkerId),
    AddJobArtifact { artifact: Box<NewJobArtifact>, quota: u64 },
    AddTakenArtifact { artifact: Box<NewTakenArtifact>, quota: u64 },
    PutManifest(Box<NewManifestVersion>),
    CreateControl(Box<NewControl>),
    LiftControl { id: ControlId, by: Principal },
    StartAgent { name: String, by: Principal },
    LimitAgent { name: String, limit: Option<u32>, by: Principal },
    DeleteManifest { name: String, if_match: Option<String>, by: Principal },
    Event(Box<EventWrite>),
    Workflow(Box<WorkflowWrite>),
}

impl Command {
    /// The command without NUL in its free texts, which PostgreSQL cannot keep: a process may print one, and its end
    /// must be accepted all the same. The tasks themselves were refused at the door if they held one.
    pub(crate) fn without_nul(mut self) -> Self {
        let clean = |text: &mut String| {
            if text.contains('\0') {
                *text = text.replace('\0', "\u{fffd}");
            }
        };
        match &mut self {
            Self::Settle(settlement) => {
                if let AttemptEnd::Failed { message, .. } = &mut settlement.end {
                    clean(message);
                }
                settlement.trace.iter_mut().for_each(|trace| clean(&mut trace.path));
                settlement.manifest_state.iter_mut().for_each(clean);
            }
            Self::ChangeStatus(change) => match &mut change.action {
                StatusAction::Take { assigned_to, .. } => assigned_to.iter_mut().for_each(clean),
                StatusAction::Complete { trace_path, .. } => trace_path.iter_mut().for_each(clean),
                StatusAction::Fail { error, trace_path } => trace_path.iter_mut().chain([error]).for_each(clean),
                StatusAction::Cancel { note } => note.iter_mut().for_each(clean),
                StatusAction::Release | StatusAction::Renew { .. } | StatusAction::Impossible(_) => {}
            },
            Self::Pause { reason, .. } => clean(reason),
            Self::CreateControl(control) => clean(&mut control.reason),
            Self::WorkerStarted(worker) => [&mut worker.name, &mut worker.version].into_iter().for_each(clean),
            Self::Claim(claim) => clean(&mut claim.worker_name),
            Self::Workflow(write) => write.without_nul(),
            Self::CreateWorkerToken(token) => {
                token.description.iter_mut().chain([&mut token.worker_name]).for_each(clean);
            }
            Self::Event(write) => write.clean(clean),
            _ => {}
        }
        self
    }
}

/// What the writer answers; each command has its own.
#[derive(Debug)]
pub(crate) enum Answer {
    Enqueued(Vec<Enqueued>),
    Claimed(Vec<ClaimedTask>),
    Heartbeat(Vec<HeartbeatAnswer>),
    Recorded(RecordAnswer),
    Settled(SettleAnswer),
    Reaped(Vec<Reaped>),
    Changed(ChangeAnswer),
    Done(bool),
    Key(KeyAnswer),
    ObjectCreated(Box<CreateAnswer>),
    ObjectChanged(Box<ObjectChangeAnswer>),
    Reviewed(Box<ReviewAnswer>),
    Sealed(SealAnswer),
    WorkerToken(Box<Option<WorkerTokenRecord>>),
    JobArtifact(Box<JobArtifactAnswer>),
    TakenArtifact(Box<TakenArtifactAnswer>),
    ManifestPut(Box<ManifestPut>),
    ManifestDeleted(ManifestDelete),
    Event(Box<EventAnswer>),
    Workflow(Box<WorkflowAnswer>),
    Control(Box<Option<ControlRecord>>),
}

pub(crate) type CommandResult = Result<Answer, StoreError>;

/// A change of status that somebody outside the worker asks for.
#[derive(Clone, Debug)]
pub struct StatusChange {
    /// The task.
    pub task_id: TaskId,
    /// Who asks.
    pub by: Principal,
    /// The fence of the asker's lease, if it sent one.
    pub fence: Option<Fence>,
    /// What is asked for.
    pub action: StatusAction,
}

/// What a [`StatusChange`] asks for.
#[derive(Clone, Debug)]
pub enum StatusAction {
    /// `pending -> queued`.
    Release,
    /// `queued -> running`: take the task off the queue for an executor outside the tower. The lease lasts the task's
    /// time budget and `grace` more.
    Take {
        /// The assignee's name; the principal's if absent.
        assigned_to: Option<String>,
        /// Added to the time budget.
        grace: Duration,
        /// Instead of the whole time budget if that is longer: whoever takes it then has to renew the lease.
        most: Option<Duration>,
    },
    /// `running`: the executor outside the tower lives. Its lease is renewed for as long as it was given, and never beyond
    /// the time budget and `grace`; never shortened.
    Renew {
        /// Added to the time budget.
        grace: Duration,
        /// Instead of the whole time budget if that is longer.
        most: Option<Duration>,
    },
    /// `running -> completed`, with a JSON object as text.
    Complete {
        /// The result.
        result: String,
        /// An opaque path.
        trace_path: Option<String>,
    },
    /// `queued | running -> failed`.
    Fail {
        /// The error.
        error: String,
        /// An opaque path.
        trace_path: Option<String>,
    },
    /// `pending | queued | running -> cancelled`; a worker is asked to stop and has the last word.
    Cancel {
        /// For the audit log.
        note: Option<String>,
    },
    /// A target no event of the outside leads to; always refused with the current state.
    Impossible(TaskStatus),
}

/// What became of a [`StatusChange`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChangeAnswer {
    /// Done.
    Changed,
    /// Done; this is the asker's lease.
    Taken(ExternalLease),
    /// A worker holds the task and was asked to stop; it has the last word.
    CancelRequested,
    /// No such task.
    NotFound,
    /// Not possible from the task's state.
    Illegal(IllegalTransition),
    /// A worker holds the task; only it may end it.
    HeldByWorker {
        /// The worker's name.
        name: String,
    },
    /// Another principal holds the task.
    HeldByOther {
        /// The principal's name.
        principal: String,
    },
    /// A control holds the task: nobody may take it.
    HeldByControl(Box<ControlRecord>),
    /// The asker has as many tasks as it may.
    AgentFull {
        /// The asker's name.
        agent: String,
        /// How many it may have.
        limit: u32,
    },
    /// The lease of the asker ran out.
    LeaseExpired,
    /// The fence does not belong to the living lease.
    StaleFence {
        /// The fence of the living lease.
        current: Fence,
    },
}

/// What became of a worker's events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordAnswer {
    /// Kept.
    Recorded {
        /// The number of the last event that the task has now; the events that were given have the numbers up to it.
        last_seq: u64,
        /// The attempt that they belong to, from 1.
        attempt: u32,
    },
    /// The lease is gone; nothing was kept.
    Stale,
}

/// What became of a request to create or revoke a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyAnswer {
    /// The key as it is kept now.
    Kept(ApiKeyRecord),
    /// A key of this name exists.
    NameTaken,
    /// No key has this name.
    NotFound,
}
