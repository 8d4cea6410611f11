//! Whether a worker holds what it says it holds, and what to tell it if it does not.
//!
//! The name of a lease and its fence can be worked out by whoever knows task and worker. What counts is therefore who
//! holds the lease by the attempts of the task; that never changes, so that it can be looked up before the write, and
//! the write itself compares the fence once more.

use jct_contract::TaskId;
use jct_lifecycle::{Fence, JobStatus, LeaseId, LeaseRef};
use jct_store::StoreError;
use jct_store::model::{Holder, TaskState};

use crate::Tower;
use crate::access::WorkerGrant;

/// What a worker presents with every call about a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeaseProof {
    /// The name of its lease.
    pub lease_id: LeaseId,
    /// The fence of its lease.
    pub fence: Fence,
}

/// Why a call of a worker about a job was refused.
#[derive(Debug, thiserror::Error)]
pub enum WorkError {
    /// There is no such job.
    #[error("no such job")]
    NotFound,
    /// The worker does not hold the lease, or no longer.
    #[error("the lease is not alive, or not this worker's")]
    Stale {
        /// The fence of the lease that lives now, if one does.
        current: Option<Fence>,
    },
    /// The lease was the worker's, but where the job stands this cannot be done.
    #[error("this cannot be done with a job that is {status}")]
    Conflict {
        /// Where the job stands.
        status: JobStatus,
    },
    /// Only runs of manifests have a state to keep.
    #[error("a job that is no run of a manifest has no state to keep")]
    NoManifest,
    /// A secret is in what the worker reported.
    #[error(transparent)]
    Secret(#[from] crate::SecretInReport),
    /// The database failed.
    #[error("failed to keep what the worker reported")]
    Store(#[from] StoreError),
}

/// A lease that is or was the asking worker's.
#[derive(Clone, Copy, Debug)]
pub(super) struct Held {
    pub(super) lease: LeaseRef,
    /// The attempt that the lease is for.
    pub(super) attempt: u32,
}

impl Tower {
    /// The lease that the proof is about, if it is or was this worker's.
    pub(super) async fn held(&self, worker: &WorkerGrant, job: TaskId, proof: LeaseProof) -> Result<Held, WorkError> {
        let LeaseProof { lease_id, fence } = proof;
        let lease = LeaseRef { task_id: job, fence };
        let attempts = self.store().task_attempts(job).await?;
        let is_ours = |holder: &Holder| matches!(holder, Holder::Worker { id, .. } if *id == worker.id());
        let attempt = attempts.iter().find(|attempt| attempt.fence == fence && is_ours(&attempt.holder));
        match attempt {
            Some(attempt) if LeaseId::of(lease, worker.id()) == lease_id => {
                Ok(Held { lease, attempt: attempt.ordinal })
            }
            _ if attempts.is_empty() && self.store().task_get(job).await?.is_none() => Err(WorkError::NotFound),
            _ => {
                let alive = attempts.iter().find(|attempt| attempt.end.is_none());
                Err(WorkError::Stale { current: alive.map(|attempt| attempt.fence) })
            }
        }
    }

    /// Why a write with a lease that was this worker's was refused: the job ended with it, or goes on without it.
    pub(super) async fn refusal(&self, held: Held) -> WorkError {
        match self.store().task_get(held.lease.task_id).await {
            Ok(None) => WorkError::NotFound,
            Ok(Some(record)) => match record.state {
                TaskState::Finished { attempt, .. } if attempt == Some(held.attempt) => {
                    WorkError::Conflict { status: record.state.job_status() }
                }
                TaskState::Running { fence, .. } => WorkError::Stale { current: Some(fence) },
                TaskState::Pending { .. } | TaskState::Queued { .. } | TaskState::Finished { .. } => {
                    WorkError::Stale { current: None }
                }
            },
            Err(error) => error.into(),
        }
    }
}
