//! What happened in the tower, for whoever measures it.

use jct_contract::Timestamp;
use jct_store::StoreError;
use jct_store::model::{FinishedTask, IncidentCounts};

use crate::Tower;

impl Tower {
    /// The time by the clock that judges leases.
    ///
    /// # Errors
    /// [`StoreError`] when the database cannot be reached.
    pub async fn now(&self) -> Result<Timestamp, StoreError> {
        self.store().now().await
    }

    /// Tasks that ended in `after < finished_at <= until`, oldest first, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`] when the database cannot be read.
    pub async fn finished_between(
        &self,
        after: Timestamp,
        until: Timestamp,
        limit: u32,
    ) -> Result<Vec<FinishedTask>, StoreError> {
        self.store().outcomes_between(after, until, limit).await
    }

    /// Leases lost and stale writes refused since the database was made.
    ///
    /// # Errors
    /// [`StoreError`] when the database cannot be read.
    pub async fn incidents(&self) -> Result<IncidentCounts, StoreError> {
        self.store().incident_counts().await
    }
}
