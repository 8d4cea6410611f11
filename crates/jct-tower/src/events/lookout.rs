//! The lookout: finds what nobody reports, because it is about somebody who is gone or about time that passes. It looks
//! with reads and writes only what no event tells of yet; two processes that find the same keep one event.

use std::convert::Infallible;
use std::time::Duration;

use jct_contract::Timestamp;
use jct_store::{Store, StoreError};

use super::EventServiceOptions;
use crate::status::Service;
use crate::work::Outage;

/// Between two looks, before jitter.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// Whoever was lost longer ago than this is not told of: the tower did not run.
const LOST_SINCE: Duration = Duration::from_secs(24 * 3_600);
/// Part of a task's time budget after which it is nearly used up.
const NEAR_PERCENT: u32 = 80;

/// Finds lost workers and budgets that are nearly used up.
#[derive(Debug)]
pub struct Lookout {
    store: Store,
    worker_lost_after: Duration,
    service: Option<Service>,
}

impl Lookout {
    /// A lookout over the store.
    #[must_use]
    pub fn new(store: Store, options: &EventServiceOptions) -> Self {
        Self { store, worker_lost_after: options.worker_lost_after, service: None }
    }

    /// Tells of its turns.
    #[must_use]
    pub fn reporting(self, service: Service) -> Self {
        Self { service: Some(service), ..self }
    }

    /// Looks for as long as the future is polled. May be dropped at any time.
    pub async fn run(&self) -> Infallible {
        let mut outage = Outage::new("looking for lost workers", self.service.as_ref());
        loop {
            tokio::time::sleep(LOOK_EVERY.mul_f64(0.75 + 0.5 * rand::random::<f64>())).await;
            outage.note(&self.look().await);
        }
    }

    /// Looks once; how many events came of it. Writes only if something is new.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn look(&self) -> Result<u64, StoreError> {
        let now = self.store.now().await?;
        let mut found = self.store.lost_workers(before(now, LOST_SINCE), before(now, self.worker_lost_after)).await?;
        found.extend(self.store.near_budgets(NEAR_PERCENT).await?);
        if found.is_empty() { Ok(0) } else { self.store.events_emit(found).await }
    }
}

fn before(now: Timestamp, span: Duration) -> Timestamp {
    let micros = i64::try_from(span.as_micros()).unwrap_or(i64::MAX);
    Timestamp::from_micros(now.as_micros().saturating_sub(micros))
}
