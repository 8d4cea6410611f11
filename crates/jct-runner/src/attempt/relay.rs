//! Carries the events of a running attempt to the store, in batches and under its lease.

use std::sync::Arc;
use std::time::Duration;

use jct_lifecycle::LeaseRef;
use jct_store::model::NewEvent;
use jct_store::{RecordAnswer, StoreError};
use jct_tower::work::{Causes, WorkStore};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::journal::Journal;
use super::tag::{Tag, tagged};

/// Between two tries while the database is away.
const TRY_AGAIN: Duration = Duration::from_secs(1);

/// One attempt's way to the store's events.
pub(crate) struct Relay {
    pub(crate) store: Arc<dyn WorkStore>,
    pub(crate) lease: LeaseRef,
    pub(crate) tag: Tag,
    /// Fires when the store says that the lease is gone.
    pub(crate) revoked: CancellationToken,
}

impl Relay {
    /// Sends what the journal holds until it is closed and empty. Losing events is no reason to fail work: the log of
    /// the trace is complete anyway.
    pub(crate) async fn run(&self, journal: &Journal) {
        while let Some(batch) = journal.next_batch().await {
            self.send(journal, batch).await;
        }
    }

    async fn send(&self, journal: &Journal, batch: Vec<NewEvent>) {
        loop {
            match self.store.record(self.lease, batch.clone()).await {
                Ok(RecordAnswer::Recorded { .. }) => return,
                Ok(RecordAnswer::Stale) => {
                    journal.mute();
                    self.revoked.cancel();
                    return;
                }
                // Nothing was kept, and while the work runs there is time to try again; at its end there is not.
                Err(StoreError::Unavailable(_)) if !journal.is_closed() && !self.revoked.is_cancelled() => {
                    sleep(TRY_AGAIN).await;
                }
                // When the outcome is unknown, sending again might show every line twice.
                Err(error) => {
                    tagged!(warn, self.tag, events = batch.len(), cause:% = Causes(&error); "events of an attempt were not kept");
                    return;
                }
            }
        }
    }
}
