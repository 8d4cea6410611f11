//! Taking jobs over HTTP, with or without waiting for one.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use jct_store::StoreError;
use jct_store::model::{Claim, ClaimedTask, TaskRecord};
use tokio::time::{Instant, sleep_until};

use super::presence::ISOLATION;
use crate::Tower;
use crate::access::{WorkerForbidden, WorkerGrant, WorkerWish};
use crate::work::{PRESENCE_INTERVAL, WorkFeed};

/// After a look at what others get, a worker looks again no sooner than this.
const OUTRUN_PAUSE: Duration = Duration::from_millis(500);

/// A worker's request for jobs.
#[derive(Clone, Debug)]
pub struct ClaimRequest {
    /// What it says of itself.
    pub wish: WorkerWish,
    /// How long each lease lasts unless renewed.
    pub lease: Duration,
    /// The most jobs to hand out, at least 1.
    pub limit: u32,
    /// How long to wait for the first one.
    pub wait: Duration,
}

/// A job in the hands of a worker, with everything that it needs.
#[derive(Clone, Debug)]
pub struct LeasedJob {
    /// The lease, and what only its holder sees.
    pub claimed: ClaimedTask,
    /// The job as everybody sees it.
    pub record: TaskRecord,
}

/// Why no job was handed out.
#[derive(Debug, thiserror::Error)]
pub enum ClaimError {
    /// The token does not allow it.
    #[error(transparent)]
    Forbidden(#[from] WorkerForbidden),
    /// The database failed.
    #[error("failed to look for jobs")]
    Store(#[from] StoreError),
}

impl Tower {
    /// Takes up to `limit` jobs that are due, waiting for the first one if need be. `stop` ends a wait early; no job is
    /// taken after that.
    ///
    /// Dropped while it waits, it takes nothing. Dropped while it takes, what it took is lost until the leases run out.
    ///
    /// # Errors
    /// [`ClaimError`].
    pub async fn job_claim(
        &self,
        worker: &WorkerGrant,
        request: ClaimRequest,
        stop: impl Future<Output = ()>,
    ) -> Result<Vec<LeasedJob>, ClaimError> {
        let ClaimRequest { wish, lease, limit, wait } = request;
        let filter = worker.narrow(wish)?;
        self.presence().show(self.store(), worker, &filter, limit).await;
        let claim = Claim {
            worker_id: worker.id(),
            worker_name: worker.name().to_owned(),
            limit,
            lease,
            filter: filter.clone(),
            isolation: Some(ISOLATION),
        };
        let mut feed = WorkFeed::new(Arc::new(self.store().clone()), claim);
        let mut taken = feed.take(limit).await?;
        if taken.is_empty() && !wait.is_zero() {
            let deadline = Instant::now() + wait;
            let end = async {
                tokio::select! {
                    () = stop => {}
                    () = sleep_until(deadline) => {}
                }
            };
            let show = async {
                loop {
                    tokio::time::sleep(PRESENCE_INTERVAL).await;
                    self.presence().show(self.store(), worker, &filter, limit).await;
                }
            };
            taken = tokio::select! {
                taken = self.wait_in_line(&mut feed, &filter, limit, end) => taken?,
                () = show => Vec::new(),
            };
        }
        self.leased(worker, taken).await
    }

    /// Waits for jobs until `end`, which never interrupts a look.
    async fn wait_in_line(
        &self,
        feed: &mut WorkFeed,
        filter: &jct_store::model::ClaimFilter,
        limit: u32,
        end: impl Future<Output = ()>,
    ) -> Result<Vec<ClaimedTask>, StoreError> {
        let mut end = pin!(end);
        let place = self.lines().join(filter);
        loop {
            let turn = tokio::select! {
                biased;
                () = &mut end => return Ok(Vec::new()),
                turn = place.turn() => turn,
            };
            loop {
                let taken = feed.take(limit).await?;
                if !taken.is_empty() {
                    return Ok(taken);
                }
                if feed.was_outrun() {
                    break;
                }
                tokio::select! {
                    biased;
                    () = &mut end => return Ok(Vec::new()),
                    _ = feed.rest() => {}
                }
            }
            // Something is due that this worker does not get, such as a job that waits for another worker: that one may
            // stand behind.
            drop(turn);
            tokio::select! {
                biased;
                () = &mut end => return Ok(Vec::new()),
                () = tokio::time::sleep(OUTRUN_PAUSE) => {}
            }
        }
    }

    async fn leased(&self, worker: &WorkerGrant, taken: Vec<ClaimedTask>) -> Result<Vec<LeasedJob>, ClaimError> {
        let mut jobs = Vec::with_capacity(taken.len());
        for claimed in taken {
            let task_id = claimed.lease.task_id;
            log::info!(
                trace_id:% = claimed.trace_id, task_id:% = task_id, attempt = claimed.attempt,
                fence:% = claimed.lease.fence, worker = worker.name();
                "job taken over HTTP"
            );
            let missing = || StoreError::Corrupt { what: format!("job {task_id} is missing") };
            let record = self.store().task_get(task_id).await?.ok_or_else(missing)?;
            jobs.push(LeasedJob { claimed, record });
        }
        Ok(jobs)
    }
}
