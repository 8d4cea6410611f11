//! Queue, workers and database in one answer.

use std::time::Duration;

use jct_contract::Timestamp;
use jct_store::model::{QueueStatus, WorkerRecord};
use jct_store::{EngineKind, StoreError};

use super::ServiceView;
use crate::Tower;
use crate::agents::AgentView;

/// Workers that said nothing for this long are not shown.
const SHOW_WORKERS_FOR: Duration = Duration::from_secs(600);

/// The tower at a glance.
#[derive(Clone, Debug)]
pub struct Overview {
    /// By the clock that judges leases.
    pub now: Timestamp,
    /// The queue.
    pub queue: QueueStatus,
    /// Workers seen in the last ten minutes, by name.
    pub workers: Vec<WorkerRecord>,
    /// The database engine.
    pub engine: EngineKind,
    /// The background services of this process.
    pub services: Vec<ServiceView>,
    /// Every agent, without what it did lately.
    pub agents: Vec<AgentView>,
}

impl Overview {
    /// How long the longest waiting due task has waited.
    #[must_use]
    pub fn oldest_wait(&self) -> Option<Duration> {
        self.queue.oldest_ready_at.map(|at| self.now.since(at))
    }
}

impl Tower {
    /// Looks at everything.
    ///
    /// # Errors
    /// [`StoreError`] when the database cannot be read.
    pub async fn overview(&self) -> Result<Overview, StoreError> {
        let queue = self.store().queue_status().await?;
        let now = self.store().now().await?;
        let (workers, agents) = (self.workers_at(now).await?, self.agents_at_a_glance().await?);
        Ok(Overview { now, queue, workers, engine: self.store().engine(), services: self.services().view(), agents })
    }

    /// Workers seen in the last ten minutes, by name.
    ///
    /// # Errors
    /// [`StoreError`] when the database cannot be read.
    pub async fn workers(&self) -> Result<Vec<WorkerRecord>, StoreError> {
        let now = self.store().now().await?;
        self.workers_at(now).await
    }

    async fn workers_at(&self, now: Timestamp) -> Result<Vec<WorkerRecord>, StoreError> {
        let span = i64::try_from(SHOW_WORKERS_FOR.as_micros()).unwrap_or(i64::MAX);
        self.store().workers(Timestamp::from_micros(now.as_micros().saturating_sub(span))).await
    }
}
