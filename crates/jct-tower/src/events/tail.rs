//! The tail: follows the audit log and tells of it in events. Several processes may do it at once; the cursor, which moves
//! in the transaction that keeps the events, sees to it that each is told once.

use std::convert::Infallible;
use std::time::Duration;

use jct_event::TowerEventType;
use jct_store::{Store, StoreError};

use super::consumer::interest;
use super::{EventServiceOptions, TaskChanges};
use crate::status::Service;
use crate::work::Rest;
use crate::workflows::Catalog;

/// Entries that are told together.
const PAGE: u32 = 500;
/// Changes in this time after a look are looked at together: on a busy day a look is worth it a few times a second.
const GATHER: Duration = Duration::from_millis(200);

/// Turns entries of the audit log into events.
#[derive(Debug)]
pub struct Tail {
    store: Store,
    catalog: Catalog,
    task_changes: TaskChanges,
    service: Option<Service>,
}

impl Tail {
    /// A tail over the store.
    #[must_use]
    pub fn new(store: Store, options: &EventServiceOptions) -> Self {
        let catalog = Catalog::new(store.clone());
        Self { store, catalog, task_changes: options.task_changes, service: None }
    }

    /// Tells of its turns.
    #[must_use]
    pub fn reporting(self, service: Service) -> Self {
        Self { service: Some(service), ..self }
    }

    /// Follows the log for as long as the future is polled. May be dropped at any time.
    pub async fn run(&self) -> Infallible {
        let mut rest = Rest::new(&self.store, GATHER, "telling of the audit log", self.service.as_ref());
        loop {
            rest.note(&self.tell_new().await);
            rest.rest().await;
        }
    }

    /// Tells of what is new in the log; how many events came of it. Writes only if something is new.
    ///
    /// # Errors
    /// [`StoreError`]; what was told before that stays told.
    pub async fn tell_new(&self) -> Result<u64, StoreError> {
        let mut told = 0;
        let mut from = self.store.tail_position().await?;
        let Some(horizon) = self.store.tail_horizon(from).await? else { return Ok(0) };
        let with_tasks = self.wants_tasks().await?;
        while from < horizon {
            let page = self.store.tail_page(from, horizon, with_tasks, PAGE).await?;
            let through = page.through;
            // Somebody else tells of it just now.
            let Some(kept) = self.store.tail_advance(from, page).await? else { break };
            told += kept;
            from = through;
        }
        Ok(told)
    }

    async fn wants_tasks(&self) -> Result<bool, StoreError> {
        match self.task_changes {
            TaskChanges::Always => Ok(true),
            TaskChanges::Never => Ok(false),
            TaskChanges::Subscribed => {
                Ok(interest(&self.catalog).await?.wants(&TowerEventType::TaskStateChanged.event_type()))
            }
        }
    }
}
