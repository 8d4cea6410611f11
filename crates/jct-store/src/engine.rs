//! One engine behind the handle: which one is known at run time, and only here.

use std::sync::Mutex;

use jct_audit::StoredEntry;
use jct_contract::{IssueId, ObjectId, RepoId, RunId, Sha256Digest, TaskId, Timestamp};
use jct_cwom::task::TaskIds;
use jct_cwom::{EvidencePack, ObjectKind, ReviewDecision};
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot};

use crate::command::{Command, CommandResult};
use crate::model::{
    Admission, ApiKeyRecord, AttemptRecord, AuditFilter, AuditHead, AuditKeyRecord, AuditQuery, ChainFilter,
    ChainPlace, ChainRows, CheckpointRecord, Claim, DueWork, FinishedTask, IncidentCounts, IssueGraph, ObjectFilter,
    Page, PageStart, PendingReview, QueuePosition, QueueStatus, RunContext, RunPlace, TaskEventRecord, TaskFilter,
    TaskRecord, Versioned, WorkerRecord,
};
use crate::postgres::PostgresEngine;
use crate::sqlite::SqliteEngine;
use crate::store::EngineKind;
use crate::wake::{Wake, Waker};
use crate::writer::Job;
use crate::{DatabaseUrl, OpenError, StoreError, StoreOptions, migrations, postgres, sqlite};

#[derive(Debug)]
pub(crate) struct Engine {
    pub(crate) kind: Kind,
    waker: Waker,
    runtime: Handle,
}

#[derive(Debug)]
pub(crate) enum Kind {
    Sqlite(SqliteEngine),
    Postgres(PostgresEngine),
}

/// A read: the same function, expanded for the engine at hand, on that engine's kind of thread. `now` among the
/// arguments is the time leases are judged by.
macro_rules! read {
    ($self:ident, $module:ident::$function:ident(now $(, $argument:expr)*)) => {
        match &$self.kind {
            Kind::Sqlite(engine) => {
                let now = engine.now();
                engine.read(move |conn| sqlite::complete(sqlite::$module::$function(conn, now $(, $argument)*))).await
            }
            Kind::Postgres(engine) => {
                let (pool, clock) = (engine.pool(), engine.clock());
                $self.spawned(async move {
                    let mut conn = postgres::reader(&pool).await?;
                    let now = postgres::now(&mut conn, clock).await?;
                    postgres::$module::$function(&mut conn, now $(, $argument)*).await
                }).await
            }
        }
    };
    ($self:ident, $module:ident::$function:ident($($argument:expr),*)) => {
        match &$self.kind {
            Kind::Sqlite(engine) => {
                engine.read(move |conn| sqlite::complete(sqlite::$module::$function(conn $(, $argument)*))).await
            }
            Kind::Postgres(engine) => {
                let pool = engine.pool();
                $self.spawned(async move {
                    let mut conn = postgres::reader(&pool).await?;
                    postgres::$module::$function(&mut conn $(, $argument)*).await
                }).await
            }
        }
    };
}

pub(crate) use read;

impl Engine {
    pub(crate) async fn open(url: &DatabaseUrl, options: StoreOptions) -> Result<Self, OpenError> {
        migrations::prepare(url, options.migrate).await?;
        let waker = Waker::new();
        let kind = match (url.sqlite_path(), url.postgres_url()) {
            (Some(path), _) => Kind::Sqlite(SqliteEngine::open(path, &options, &waker)?),
            (None, address) => {
                let address = address.unwrap_or_default();
                Kind::Postgres(PostgresEngine::open(url, address, &options, &waker).await?)
            }
        };
        Ok(Self { kind, waker, runtime: Handle::current() })
    }

    pub(crate) const fn kind(&self) -> EngineKind {
        match self.kind {
            Kind::Sqlite(_) => EngineKind::Sqlite,
            Kind::Postgres(_) => EngineKind::Postgres,
        }
    }

    pub(crate) fn wake(&self) -> Wake {
        self.waker.subscribe()
    }

    fn jobs(&self) -> &Mutex<Option<mpsc::Sender<Job>>> {
        match &self.kind {
            Kind::Sqlite(engine) => &engine.jobs,
            Kind::Postgres(engine) => &engine.jobs,
        }
    }

    /// Hands a command to the writer and waits for its answer. Once handed over it runs, whether or not the caller
    /// waits.
    pub(crate) async fn write(&self, command: Command) -> CommandResult {
        let sender = self.jobs().lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone();
        let (reply, answer) = oneshot::channel();
        let job = Job { command: command.without_nul(), reply };
        sender.ok_or(StoreError::Closed)?.send(job).await.map_err(|_| StoreError::Closed)?;
        answer.await.map_err(|_| StoreError::Closed)?
    }

    pub(crate) async fn close(&self) {
        drop(self.jobs().lock().unwrap_or_else(std::sync::PoisonError::into_inner).take());
        match &self.kind {
            Kind::Sqlite(engine) => engine.close().await,
            Kind::Postgres(engine) => engine.close().await,
        }
    }

    /// Runs a read on the store's own runtime: its connections' tasks live there.
    pub(crate) async fn spawned<T: Send + 'static>(
        &self,
        read: impl Future<Output = Result<T, StoreError>> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.runtime.spawn(read).await.map_err(StoreError::unavailable)?
    }

    pub(crate) async fn now(&self) -> Result<Timestamp, StoreError> {
        read!(self, tower_reads::now(now))
    }

    pub(crate) async fn ping(&self) -> Result<(), StoreError> {
        read!(self, tower_reads::epoch()).map(drop)
    }

    pub(crate) async fn task_by_idempotency_key(
        &self,
        key: String,
    ) -> Result<Option<(TaskId, Sha256Digest)>, StoreError> {
        let found = read!(self, enqueue::by_idempotency_key(key))?;
        found
            .map(|(id, digest)| {
                let digest = digest.parse().map_err(|_| StoreError::corrupt("the digest of a spec"))?;
                Ok((id.into(), digest))
            })
            .transpose()
    }

    pub(crate) async fn due_work(&self, claim: Claim) -> Result<DueWork, StoreError> {
        read!(self, claim::due_work(now, claim))
    }

    pub(crate) async fn has_expired_leases(&self) -> Result<bool, StoreError> {
        read!(self, lease::has_expired(now))
    }

    pub(crate) async fn task_get(&self, id: TaskId) -> Result<Option<TaskRecord>, StoreError> {
        read!(self, task_reads::get(id))
    }

    pub(crate) async fn task_list(
        &self,
        filter: TaskFilter,
        start: PageStart,
        limit: u32,
    ) -> Result<Page<TaskRecord>, StoreError> {
        read!(self, task_list::list(filter, start, limit))
    }

    pub(crate) async fn task_events(
        &self,
        id: TaskId,
        after: u64,
        limit: u32,
    ) -> Result<Option<Vec<TaskEventRecord>>, StoreError> {
        read!(self, task_reads::events(id, after, limit))
    }

    pub(crate) async fn task_attempts(&self, id: TaskId) -> Result<Vec<AttemptRecord>, StoreError> {
        read!(self, task_reads::attempts(id))
    }

    pub(crate) async fn task_admission(&self, id: TaskId) -> Result<Option<Admission>, StoreError> {
        read!(self, task_reads::admission(id))
    }

    pub(crate) async fn queue_position(&self, id: TaskId) -> Result<Option<QueuePosition>, StoreError> {
        read!(self, tower_reads::queue_position(now, id))
    }

    pub(crate) async fn queue_status(&self) -> Result<QueueStatus, StoreError> {
        read!(self, tower_reads::queue_status(now))
    }

    pub(crate) async fn outcomes_between(
        &self,
        after: Timestamp,
        until: Timestamp,
        limit: u32,
    ) -> Result<Vec<FinishedTask>, StoreError> {
        read!(self, tower_reads::outcomes_between(after, until, limit))
    }

    pub(crate) async fn incident_counts(&self) -> Result<IncidentCounts, StoreError> {
        read!(self, tower_reads::incident_counts())
    }

    pub(crate) async fn workers(&self, seen_after: Timestamp) -> Result<Vec<WorkerRecord>, StoreError> {
        read!(self, tower_reads::workers(seen_after))
    }

    pub(crate) async fn key_by_digest(&self, digest: Sha256Digest) -> Result<Option<ApiKeyRecord>, StoreError> {
        read!(self, tower_reads::key_by_digest(digest))
    }

    pub(crate) async fn key_list(&self) -> Result<Vec<ApiKeyRecord>, StoreError> {
        read!(self, tower_reads::key_list())
    }

    pub(crate) async fn audit_entries(&self, query: AuditQuery) -> Result<Vec<StoredEntry>, StoreError> {
        read!(self, task_reads::audit_entries(query))
    }

    pub(crate) async fn audit_list(
        &self,
        filter: AuditFilter,
        start: PageStart,
        limit: u32,
    ) -> Result<Page<StoredEntry>, StoreError> {
        read!(self, audit_reads::list(filter, start, limit))
    }

    pub(crate) async fn audit_chain(
        &self,
        entity: (String, String),
        after: u64,
        limit: u32,
    ) -> Result<Vec<StoredEntry>, StoreError> {
        read!(self, audit_reads::chain(entity, after, limit))
    }

    pub(crate) async fn audit_chains(
        &self,
        filter: ChainFilter,
        after: Option<ChainPlace>,
        limit: u32,
    ) -> Result<ChainRows, StoreError> {
        read!(self, audit_reads::chains(filter, after, limit))
    }

    pub(crate) async fn audit_position(&self) -> Result<u64, StoreError> {
        read!(self, audit_reads::position())
    }

    pub(crate) async fn audit_horizon(&self) -> Result<u64, StoreError> {
        read!(self, audit_reads::horizon())
    }

    pub(crate) async fn audit_heads(&self, after: u64, through: u64, limit: u32) -> Result<Vec<AuditHead>, StoreError> {
        read!(self, audit_reads::heads(after, through, limit))
    }

    pub(crate) async fn audit_origin(&self) -> Result<String, StoreError> {
        read!(self, audit_reads::origin())
    }

    pub(crate) async fn audit_keys(&self) -> Result<Vec<AuditKeyRecord>, StoreError> {
        read!(self, audit_reads::keys())
    }

    pub(crate) async fn audit_checkpoints(&self, after: u64, limit: u32) -> Result<Vec<CheckpointRecord>, StoreError> {
        read!(self, audit_reads::checkpoints(after, limit))
    }

    pub(crate) async fn audit_checkpoints_before(
        &self,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Vec<CheckpointRecord>, StoreError> {
        read!(self, audit_reads::checkpoints_before(before, limit))
    }

    pub(crate) async fn object_get(&self, kind: ObjectKind, id: ObjectId) -> Result<Option<Versioned>, StoreError> {
        read!(self, objects::get(kind, id))
    }

    pub(crate) async fn object_list(
        &self,
        filter: ObjectFilter,
        start: PageStart,
        limit: u32,
    ) -> Result<Page<Versioned>, StoreError> {
        read!(self, objects::list(filter, start, limit))
    }

    pub(crate) async fn repo_by_slug(&self, slug: String) -> Result<Option<RepoId>, StoreError> {
        read!(self, task_objects::repo_by_slug(slug))
    }

    pub(crate) async fn task_objects(&self, issue: IssueId) -> Result<Option<TaskIds>, StoreError> {
        read!(self, task_objects::ids_of(issue))
    }

    pub(crate) async fn issue_graph(&self, id: IssueId) -> Result<Option<IssueGraph>, StoreError> {
        read!(self, objects::graph(id))
    }

    pub(crate) async fn pending_reviews(
        &self,
        start: PageStart,
        limit: u32,
    ) -> Result<Page<PendingReview>, StoreError> {
        read!(self, review_reads::pending(start, limit))
    }

    pub(crate) async fn run_place(&self, id: RunId) -> Result<Option<RunPlace>, StoreError> {
        read!(self, review_reads::place(id))
    }

    pub(crate) async fn run_context(&self, id: RunId) -> Result<Option<RunContext>, StoreError> {
        read!(self, review_reads::context(id))
    }

    pub(crate) async fn evidence_of(&self, run: RunId) -> Result<Option<EvidencePack>, StoreError> {
        read!(self, review_reads::evidence_of(run))
    }

    pub(crate) async fn review_of(&self, run: RunId) -> Result<Option<ReviewDecision>, StoreError> {
        read!(self, review_reads::review_of(run))
    }
}
