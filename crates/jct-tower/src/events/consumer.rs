//! The consumer: takes events under a lease, decides what follows, and has that written with their end. Several processes
//! may do it at once; one that dies leaves its events to the others when its leases end.

use std::convert::Infallible;
use std::time::Duration;

use jct_lifecycle::RetryPolicy;
use jct_store::model::{ClaimEvents, ClaimedEvent, EventSettled, EventSettlement};
use jct_store::{Store, StoreError};

use super::EventServiceOptions;
use super::decide::{Interest, decided, undecided};
use crate::status::Service;
use crate::work::{Causes, Rest};
use crate::workflows::{Catalog, Triggers};

/// Events that are processed together.
const BATCH: u32 = 100;
/// Deciding takes no time worth mentioning; this is for the database.
const LEASE: Duration = Duration::from_secs(30);
/// Changes in this time after a look are looked at together.
const GATHER: Duration = Duration::from_millis(5);

/// Processes events.
#[derive(Debug)]
pub struct EventConsumer {
    store: Store,
    catalog: Catalog,
    name: String,
    retry: RetryPolicy,
    service: Option<Service>,
}

impl EventConsumer {
    /// A consumer over the store.
    #[must_use]
    pub fn new(store: Store, options: &EventServiceOptions) -> Self {
        let catalog = Catalog::new(store.clone());
        Self { store, catalog, name: options.consumer.clone(), retry: options.retry, service: None }
    }

    /// Tells of its turns.
    #[must_use]
    pub fn reporting(self, service: Service) -> Self {
        Self { service: Some(service), ..self }
    }

    /// Processes events for as long as the future is polled. May be dropped at any time.
    pub async fn run(&self) -> Infallible {
        let mut rest = Rest::new(&self.store, GATHER, "processing events", self.service.as_ref());
        loop {
            rest.note(&self.process_due().await);
            rest.rest().await;
        }
    }

    /// Processes what is due now; how many events that were. Writes only if there are some.
    ///
    /// # Errors
    /// [`StoreError`]; what was taken and not ended is due again when its lease ends.
    pub async fn process_due(&self) -> Result<u64, StoreError> {
        let mut processed = 0;
        while self.store.has_due_events().await? {
            let claim = ClaimEvents {
                consumer: self.name.clone(),
                limit: BATCH,
                lease: LEASE,
                max_attempts: self.retry.max_attempts,
            };
            let claimed = self.store.events_claim(claim).await?;
            if claimed.is_empty() {
                // Others were faster.
                break;
            }
            let settlements = self.decide(&claimed).await;
            let answers = self.store.events_settle(settlements).await?;
            processed += answers.iter().filter(|answer| matches!(answer, EventSettled::Settled(_))).count() as u64;
            for (claimed, _) in claimed.iter().zip(answers).filter(|(_, answer)| *answer == EventSettled::Stale) {
                log::warn!(event_id:% = claimed.record.id; "an event was processed too late and is left to others");
            }
        }
        Ok(processed)
    }

    async fn decide(&self, claimed: &[ClaimedEvent]) -> Vec<EventSettlement> {
        let interest = interest(&self.catalog).await;
        let end = |claimed: &ClaimedEvent| match &interest {
            Ok(interest) => decided(&claimed.record, interest),
            Err(error) => {
                let error = Causes(error).to_string();
                undecided(&claimed.record, error, self.retry, rand::random())
            }
        };
        claimed.iter().map(|claimed| EventSettlement { lease: claimed.lease, end: end(claimed) }).collect()
    }
}

/// Who wants to be told now.
pub(super) async fn interest(catalog: &Catalog) -> Result<Interest, StoreError> {
    Ok(Interest { webhooks: catalog.store().webhooks_active().await?, triggers: Triggers::load(catalog).await? })
}
