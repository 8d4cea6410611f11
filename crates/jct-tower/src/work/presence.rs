//! Presence: how the tower knows which worker processes live. The only thing that an idle worker writes.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use jct_contract::WorkerId;
use jct_store::StoreError;
use jct_store::model::NewWorker;
use tokio::time::{MissedTickBehavior, interval};

use super::{Causes, WorkStore};

/// Between two signs of life.
pub const PRESENCE_INTERVAL: Duration = Duration::from_secs(30);

/// The presence of one worker process, from [`Presence::announce`] to [`Presence::leave`]. A process that is killed
/// never leaves; it is then known by how long ago it was last seen.
pub struct Presence {
    store: Arc<dyn WorkStore>,
    id: WorkerId,
}

impl Presence {
    /// Registers a worker.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database cannot be written.
    pub async fn announce(store: Arc<dyn WorkStore>, worker: NewWorker) -> Result<Self, StoreError> {
        let id = worker.id;
        store.worker_started(worker).await?;
        Ok(Self { store, id })
    }

    /// Shows a sign of life every [`PRESENCE_INTERVAL`], for as long as the future is polled.
    pub async fn keep_up(&self) -> Infallible {
        let mut due = interval(PRESENCE_INTERVAL);
        due.set_missed_tick_behavior(MissedTickBehavior::Delay);
        // The first tick is at once, and announcing was the sign of life of that moment.
        due.tick().await;
        loop {
            due.tick().await;
            if let Err(error) = self.store.worker_seen(self.id).await {
                log::warn!(worker_id:% = self.id, cause:% = Causes(&error); "could not show that this worker lives");
            }
        }
    }

    /// Says goodbye.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database cannot be written.
    pub async fn leave(self) -> Result<(), StoreError> {
        self.store.worker_stopped(self.id).await
    }
}

impl std::fmt::Debug for Presence {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Presence").field("id", &self.id).finish_non_exhaustive()
    }
}
