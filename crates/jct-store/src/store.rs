//! The store: one handle over two engines.
//!
//! Writes go to the group-commit writer as `Command`s; reads run on a small pool. Both run on the runtime that opened
//! the store, never on the caller's: an HTTP worker must not be blocked, and a caller that goes away must not leave an
//! open transaction behind.

use std::sync::Arc;
use std::time::Duration;

use jct_audit::StoredEntry;
use jct_contract::{Principal, Sha256Digest, TaskId, Timestamp, WorkerId};
use jct_lifecycle::{LeaseRef, RetryPolicy};

use crate::command::{Answer, ChangeAnswer, Command, KeyAnswer, RecordAnswer, StatusChange};
use crate::engine::Engine;
use crate::model::{
    Admission, ApiKeyRecord, AttemptRecord, AuditQuery, Claim, ClaimedTask, DueWork, Enqueued, FinishedTask,
    HeartbeatAnswer, IncidentCounts, NewApiKey, NewEvent, NewTask, NewWorker, Page, PageStart, QueuePosition,
    QueueStatus, Reaped, SettleAnswer, Settlement, TaskEventRecord, TaskFilter, TaskRecord, WorkerRecord,
};
use crate::wake::Wake;
use crate::{DatabaseUrl, OpenError, StoreError, StoreOptions};

/// A handle to the tower's durable state. Cheap to clone; the last clone to go closes the store.
#[derive(Clone, Debug)]
pub struct Store {
    pub(crate) engine: Arc<Engine>,
}

/// Sends a command and unpacks its one kind of answer.
macro_rules! write {
    ($self:ident, $command:expr => $answer:ident) => {
        match $self.engine.write($command).await? {
            Answer::$answer(answer) => Ok(answer),
            other => Err(StoreError::corrupt(format!("the writer answered {other:?}"))),
        }
    };
}

/// The database's answer to "who are you".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EngineKind {
    /// Embedded SQLite.
    Sqlite,
    /// PostgreSQL.
    Postgres,
}

impl EngineKind {
    /// The name shown to people.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgresql",
        }
    }
}

impl Store {
    /// Opens the database, bringing its schema up to date first if the options allow it.
    ///
    /// # Errors
    ///
    /// [`OpenError`] when the database cannot be reached or its schema does not fit this binary.
    pub async fn open(url: &DatabaseUrl, options: StoreOptions) -> Result<Self, OpenError> {
        Ok(Self { engine: Arc::new(Engine::open(url, options).await?) })
    }

    /// Stops taking commands, finishes those that were taken, and closes the connections.
    pub async fn close(&self) {
        self.engine.close().await;
    }

    /// Which engine this is.
    #[must_use]
    pub fn engine(&self) -> EngineKind {
        self.engine.kind()
    }

    /// The time by which leases are judged: the database's on PostgreSQL, this machine's on SQLite.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database cannot be reached.
    pub async fn now(&self) -> Result<Timestamp, StoreError> {
        self.engine.now().await
    }

    /// Whether the database answers.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when it does not.
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.engine.ping().await
    }

    /// A subscription to "something changed". Subscribe before looking, so that no change is missed.
    #[must_use]
    pub fn wake(&self) -> Wake {
        self.engine.wake()
    }

    // Intake

    /// Keeps admitted tasks; one answer each, in order. Durable when this returns.
    ///
    /// # Errors
    ///
    /// [`StoreError`]; then none of the tasks was kept, unless it is [`StoreError::OutcomeUnknown`].
    pub async fn enqueue(&self, tasks: Vec<NewTask>) -> Result<Vec<Enqueued>, StoreError> {
        write!(self, Command::Enqueue(tasks) => Enqueued)
    }

    /// The task that owns an idempotency key, and the digest of its spec.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database cannot be read.
    pub async fn task_by_idempotency_key(&self, key: &str) -> Result<Option<(TaskId, Sha256Digest)>, StoreError> {
        self.engine.task_by_idempotency_key(key.to_owned()).await
    }

    // Work

    /// Leases up to `claim.limit` due tasks, oldest first. Empty when the queue is paused or has nothing that fits.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database cannot be written.
    pub async fn claim(&self, claim: Claim) -> Result<Vec<ClaimedTask>, StoreError> {
        write!(self, Command::Claim(claim) => Claimed)
    }

    /// What this claim would find now. A read: an idle worker writes nothing.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database cannot be read.
    pub async fn due_work(&self, claim: &Claim) -> Result<DueWork, StoreError> {
        self.engine.due_work(claim.clone()).await
    }

    /// Renews leases; one answer each, in order.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database cannot be written; the leases are then as they were.
    pub async fn heartbeat(
        &self,
        worker_id: WorkerId,
        leases: Vec<LeaseRef>,
        lease: Duration,
    ) -> Result<Vec<HeartbeatAnswer>, StoreError> {
        write!(self, Command::Heartbeat { worker_id, leases, lease } => Heartbeat)
    }

    /// Appends events of a running attempt.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database cannot be written.
    pub async fn record(&self, lease: LeaseRef, events: Vec<NewEvent>) -> Result<RecordAnswer, StoreError> {
        write!(self, Command::Record { lease, events } => Recorded)
    }

    /// Ends an attempt. Accepted exactly once; the same settlement again gets the same answer.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database cannot be written; settling again is then safe.
    pub async fn settle(&self, settlement: Settlement) -> Result<SettleAnswer, StoreError> {
        write!(self, Command::Settle(Box::new(settlement)) => Settled)
    }

    /// Ends up to `limit` leases that ran out. `jitter` (0 to 1) spreads the retries.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database cannot be written.
    pub async fn reap(&self, retry: RetryPolicy, limit: u32, jitter: f64) -> Result<Vec<Reaped>, StoreError> {
        if !self.engine.has_expired_leases().await? {
            return Ok(Vec::new());
        }
        write!(self, Command::Reap { retry, limit, jitter } => Reaped)
    }

    // Changes from outside the worker

    /// Releases, takes, ends or cancels a task on somebody's behalf.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database cannot be written.
    pub async fn change_status(&self, change: StatusChange) -> Result<ChangeAnswer, StoreError> {
        write!(self, Command::ChangeStatus(change) => Changed)
    }

    /// Pauses the queue: nothing more is claimed. False if it was paused already.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database cannot be written.
    pub async fn queue_pause(&self, by: Principal, reason: String) -> Result<bool, StoreError> {
        write!(self, Command::Pause { by, reason } => Done)
    }

    /// Lifts the pause. False if there was none.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database cannot be written.
    pub async fn queue_resume(&self, by: Principal) -> Result<bool, StoreError> {
        write!(self, Command::Resume { by } => Done)
    }

    // Tasks

    /// One task.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database cannot be read.
    pub async fn task_get(&self, id: TaskId) -> Result<Option<TaskRecord>, StoreError> {
        self.engine.task_get(id).await
    }

    /// A page of tasks, newest first. `limit` is at most 500.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database cannot be read.
    pub async fn task_list(
        &self,
        filter: TaskFilter,
        start: PageStart,
        limit: u32,
    ) -> Result<Page<TaskRecord>, StoreError> {
        self.engine.task_list(filter, start, limit).await
    }

    /// The events of a task after number `after`, at most `limit`. `None` if there is no such task.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database cannot be read.
    pub async fn task_events(
        &self,
        id: TaskId,
        after: u64,
        limit: u32,
    ) -> Result<Option<Vec<TaskEventRecord>>, StoreError> {
        self.engine.task_events(id, after, limit).await
    }

    /// The attempts of a task, first to last.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database cannot be read.
    pub async fn task_attempts(&self, id: TaskId) -> Result<Vec<AttemptRecord>, StoreError> {
        self.engine.task_attempts(id).await
    }

    /// The record of a task's admission.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database cannot be read.
    pub async fn task_admission(&self, id: TaskId) -> Result<Option<Admission>, StoreError> {
        self.engine.task_admission(id).await
    }

    /// Where a queued task stands in line; `None` if it is not queued.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database cannot be read.
    pub async fn queue_position(&self, id: TaskId) -> Result<Option<QueuePosition>, StoreError> {
        self.engine.queue_position(id).await
    }

    /// The queue at a glance.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database cannot be read.
    pub async fn queue_status(&self) -> Result<QueueStatus, StoreError> {
        self.engine.queue_status().await
    }

    /// Tasks that ended in `after < finished_at <= until`, oldest first, at most `limit`.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database cannot be read.
    pub async fn outcomes_between(
        &self,
        after: Timestamp,
        until: Timestamp,
        limit: u32,
    ) -> Result<Vec<FinishedTask>, StoreError> {
        self.engine.outcomes_between(after, until, limit).await
    }

    /// What went wrong in the tower's life.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database cannot be read.
    pub async fn incident_counts(&self) -> Result<IncidentCounts, StoreError> {
        self.engine.incident_counts().await
    }

    // Workers

    /// Registers a worker process.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database cannot be written.
    pub async fn worker_started(&self, worker: NewWorker) -> Result<(), StoreError> {
        write!(self, Command::WorkerStarted(worker) => Done).map(drop)
    }

    /// Updates the presence of a worker process.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database cannot be written.
    pub async fn worker_seen(&self, id: WorkerId) -> Result<(), StoreError> {
        write!(self, Command::WorkerSeen(id) => Done).map(drop)
    }

    /// Notes that a worker process said goodbye.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database cannot be written.
    pub async fn worker_stopped(&self, id: WorkerId) -> Result<(), StoreError> {
        write!(self, Command::WorkerStopped(id) => Done).map(drop)
    }

    /// Workers that have not stopped and were seen after `seen_after`, by name.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database cannot be read.
    pub async fn workers(&self, seen_after: Timestamp) -> Result<Vec<WorkerRecord>, StoreError> {
        self.engine.workers(seen_after).await
    }

    // Keys

    /// Keeps a key.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database cannot be written.
    pub async fn key_create(&self, key: NewApiKey) -> Result<KeyAnswer, StoreError> {
        write!(self, Command::CreateKey(key) => Key)
    }

    /// Revokes a key by name; a revoked key stays revoked.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database cannot be written.
    pub async fn key_revoke(&self, name: String, by: Principal) -> Result<KeyAnswer, StoreError> {
        write!(self, Command::RevokeKey { name, by } => Key)
    }

    /// The key with this digest, valid or not.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database cannot be read.
    pub async fn key_by_digest(&self, digest: Sha256Digest) -> Result<Option<ApiKeyRecord>, StoreError> {
        self.engine.key_by_digest(digest).await
    }

    /// Every key, by name.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database cannot be read.
    pub async fn key_list(&self) -> Result<Vec<ApiKeyRecord>, StoreError> {
        self.engine.key_list().await
    }

    // Audit

    /// Entries of one object, oldest first.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database cannot be read.
    pub async fn audit_entries(&self, query: AuditQuery) -> Result<Vec<StoredEntry>, StoreError> {
        self.engine.audit_entries(query).await
    }
}
