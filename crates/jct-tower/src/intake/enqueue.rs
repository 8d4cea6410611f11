//! One task in.

use jct_contract::{ExecutorName, Principal, Sha256Digest, TaskId, TaskSpec, TraceId, Violation};
use jct_cwom::task::TaskIds;
use jct_policy::PolicyError;
use jct_store::StoreError;
use jct_store::model::{Enqueued, TaskRecord};

use super::job_part::JobPart;
use super::keys::Keys;
use super::prepared::{Draft, Prepared};
use crate::Tower;

/// A task handed in.
#[derive(Clone, Debug)]
pub struct EnqueueRequest {
    /// The task, through the contract's door.
    pub spec: TaskSpec,
    /// Follows it from here on.
    pub trace_id: TraceId,
    /// Who was authenticated.
    pub principal: Principal,
    /// Keep it `pending` until somebody releases it.
    pub hold: bool,
    /// Whether it brings work objects with it; `None` leaves that to the tower's configuration.
    pub create_objects: Option<bool>,
}

/// A task that is durable.
#[derive(Clone, Debug)]
pub struct Enqueue {
    /// The task as it stands now.
    pub record: TaskRecord,
    /// Whether it was handed in before; then nothing was written.
    pub replayed: bool,
    /// The work objects that were created with it.
    pub objects: Option<TaskIds>,
}

/// Why a task was not taken.
#[derive(Debug, thiserror::Error)]
pub enum EnqueueError {
    /// The gate refused it.
    #[error("the policy does not admit the task")]
    Policy(#[source] PolicyError),
    /// Its idempotency key belongs to a different task.
    #[error("the idempotency key belongs to another task, `{task_id}`")]
    KeyReused {
        /// The task the key belongs to.
        task_id: TaskId,
    },
    /// Its idempotency key begins with [`RESERVED_KEYS`](super::RESERVED_KEYS).
    #[error("the idempotency key is one of the tower's own")]
    ReservedKey(#[source] Violation),
    /// It names an executor that stands for another type of job.
    #[error("the executor `{executor}` is reserved for jobs of that type")]
    ReservedExecutor {
        /// The executor.
        executor: ExecutorName,
    },
    /// The manifest that it was to run is not in the registry any more.
    #[error("the manifest is not in the registry any more")]
    ManifestGone,
    /// The database failed.
    #[error("failed to keep the task")]
    Store(#[from] StoreError),
}

impl Tower {
    /// Takes a task in. Durable when this returns.
    ///
    /// # Errors
    /// [`EnqueueError`]; nothing was kept, unless the store does not know.
    pub async fn enqueue(&self, request: EnqueueRequest) -> Result<Enqueue, EnqueueError> {
        self.keep(self.prepare(request, Keys::OfCallers).await?).await
    }

    /// Takes a task in that is a job with more to say about it.
    pub(crate) async fn submit(&self, request: EnqueueRequest, part: JobPart) -> Result<Enqueue, EnqueueError> {
        self.keep(self.prepare_job(request, Some(part), Keys::OfCallers).await?).await
    }

    async fn keep(&self, prepared: Prepared) -> Result<Enqueue, EnqueueError> {
        match prepared {
            Prepared::Admitted(fresh) => {
                let (new, draft) = fresh.split();
                let answer = self.store().enqueue(vec![new]).await?.pop();
                self.answer(answer, draft).await
            }
            Prepared::Refused { key, error } => self.replay_or_refuse(key, error).await,
            Prepared::Reserved(error) => Err(error),
        }
    }

    /// The caller's answer from the store's.
    pub(super) async fn answer(&self, answer: Option<Enqueued>, draft: Draft) -> Result<Enqueue, EnqueueError> {
        match answer {
            Some(Enqueued::Created { task_id, created_at, objects }) => {
                log::debug!(trace_id = draft.trace_id(), task_id:% = task_id; "task admitted");
                let record = draft.into_record(task_id, created_at, objects.map(|objects| objects.issue));
                Ok(Enqueue { record, replayed: false, objects })
            }
            Some(Enqueued::Replayed { task_id }) => self.replayed(task_id).await,
            Some(Enqueued::KeyReused { task_id }) => Err(EnqueueError::KeyReused { task_id }),
            Some(Enqueued::ManifestGone) => Err(EnqueueError::ManifestGone),
            None => Err(missing("an answer to a submission")),
        }
    }

    /// A refused task is still answered if it is the repetition of one that was admitted.
    pub(super) async fn replay_or_refuse(
        &self,
        key: Option<(String, Sha256Digest)>,
        error: PolicyError,
    ) -> Result<Enqueue, EnqueueError> {
        log::debug!(code = error.code().as_str(); "task refused by the policy");
        let Some((key, digest)) = key else { return Err(EnqueueError::Policy(error)) };
        match self.store().task_by_idempotency_key(&key).await? {
            Some((task_id, known)) if known == digest => self.replayed(task_id).await,
            Some((task_id, _)) => Err(EnqueueError::KeyReused { task_id }),
            None => Err(EnqueueError::Policy(error)),
        }
    }

    async fn replayed(&self, task_id: TaskId) -> Result<Enqueue, EnqueueError> {
        let record = self.store().task_get(task_id).await?.ok_or_else(|| missing("a task that owns a key"))?;
        let objects = match record.issue_id {
            Some(issue) => self.store().task_objects(issue).await?,
            None => None,
        };
        Ok(Enqueue { record, replayed: true, objects })
    }
}

/// The store lost something that it had just named.
fn missing(what: &str) -> EnqueueError {
    EnqueueError::Store(StoreError::Corrupt { what: format!("{what} is missing") })
}
