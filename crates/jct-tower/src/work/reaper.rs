//! The reaper: ends leases that ran out, so that no task waits for a holder that is gone.
//!
//! It runs in every worker process and may run in the API process too, since leases of executors outside the tower
//! also end when no worker lives. Several reapers at once are harmless: a lease is ended by one of them.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use jct_lifecycle::RetryPolicy;
use jct_store::StoreError;
use jct_store::model::Reaped;

use super::{Outage, WorkStore};
use crate::status::Service;

/// Between two looks, before jitter.
pub const REAP_INTERVAL: Duration = Duration::from_secs(1);
/// Leases ended in one write at most.
pub const REAP_BATCH: u32 = 200;

/// Ends leases that ran out. A look that finds none writes nothing.
pub struct Reaper {
    store: Arc<dyn WorkStore>,
    retry: RetryPolicy,
    service: Option<Service>,
}

impl Reaper {
    /// A reaper; `retry` says how long a task backs off before it is tried again.
    #[must_use]
    pub fn new(store: Arc<dyn WorkStore>, retry: RetryPolicy) -> Self {
        Self { store, retry, service: None }
    }

    /// Tells of its turns.
    #[must_use]
    pub fn reporting(self, service: Service) -> Self {
        Self { service: Some(service), ..self }
    }

    /// Looks about every [`REAP_INTERVAL`], for as long as the future is polled. May be dropped at any time.
    pub async fn run(&self) -> Infallible {
        let mut outage = Outage::new("looking for leases that ran out", self.service.as_ref())
            .begins("cannot look for leases that ran out")
            .tells("leases that ran out cannot be looked for");
        loop {
            tokio::time::sleep(REAP_INTERVAL.mul_f64(0.75 + 0.5 * rand::random::<f64>())).await;
            outage.note(&self.reap_all().await);
        }
    }

    /// Ends every lease that has run out by now.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database cannot be read or written; leases ended before that stay ended.
    pub async fn reap_all(&self) -> Result<(), StoreError> {
        loop {
            let reaped = self.store.reap(self.retry, REAP_BATCH, rand::random()).await?;
            reaped.iter().for_each(note);
            if u32::try_from(reaped.len()).is_ok_and(|count| count < REAP_BATCH) {
                return Ok(());
            }
        }
    }
}

fn note(reaped: &Reaped) {
    let Reaped { lease, attempt, trace_id, status, reason } = reaped;
    log::warn!(
        trace_id:% = trace_id, task_id:% = lease.task_id, attempt = *attempt, fence:% = lease.fence, status:% = status, reason:% = reason;
        "a lease ran out"
    );
}

impl std::fmt::Debug for Reaper {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reaper").field("retry", &self.retry).finish_non_exhaustive()
    }
}
