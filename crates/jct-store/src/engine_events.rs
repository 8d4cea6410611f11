//! The reads about events and webhooks, for the engine at hand.

use jct_contract::{EventId, Timestamp, WebhookId};

use crate::engine::{Engine, Kind, read};
use crate::model::{DeliveryRecord, EmittedEvent, EventFilter, EventRecord, Page, PageStart, TailPage, WebhookRecord};
use crate::{StoreError, postgres, sqlite};

impl Engine {
    pub(crate) async fn event_get(&self, id: EventId) -> Result<Option<EventRecord>, StoreError> {
        read!(self, event_reads::get(id))
    }

    pub(crate) async fn event_list(
        &self,
        filter: EventFilter,
        start: PageStart,
        limit: u32,
    ) -> Result<Page<EventRecord>, StoreError> {
        read!(self, event_reads::list(filter, start, limit))
    }

    pub(crate) async fn has_due_events(&self) -> Result<bool, StoreError> {
        read!(self, event_reads::has_due(now))
    }

    pub(crate) async fn tail_position(&self) -> Result<u64, StoreError> {
        read!(self, event_tail::position())
    }

    pub(crate) async fn tail_horizon(&self, after: u64) -> Result<Option<u64>, StoreError> {
        read!(self, event_tail::horizon(after))
    }

    pub(crate) async fn tail_page(
        &self,
        place: (u64, u64),
        with_tasks: bool,
        limit: u32,
    ) -> Result<TailPage, StoreError> {
        read!(self, event_tail::page(place, with_tasks, limit))
    }

    pub(crate) async fn lost_workers(&self, seen: (Timestamp, Timestamp)) -> Result<Vec<EmittedEvent>, StoreError> {
        read!(self, event_lookout::lost_workers(seen))
    }

    pub(crate) async fn near_budgets(&self, percent: u32) -> Result<Vec<EmittedEvent>, StoreError> {
        read!(self, event_lookout::near_budgets(now, percent))
    }

    pub(crate) async fn webhook_get(&self, id: WebhookId) -> Result<Option<WebhookRecord>, StoreError> {
        read!(self, webhooks::get(id))
    }

    pub(crate) async fn webhook_list(&self, start: PageStart, limit: u32) -> Result<Page<WebhookRecord>, StoreError> {
        read!(self, webhooks::list(start, limit))
    }

    pub(crate) async fn webhooks_active(&self) -> Result<Vec<WebhookRecord>, StoreError> {
        read!(self, webhooks::active())
    }

    pub(crate) async fn deliveries_due(&self) -> Result<Vec<WebhookId>, StoreError> {
        read!(self, deliveries::due(now))
    }

    pub(crate) async fn delivery_list(
        &self,
        webhook: WebhookId,
        start: PageStart,
        limit: u32,
    ) -> Result<Option<Page<DeliveryRecord>>, StoreError> {
        read!(self, deliveries::list(webhook, start, limit))
    }
}
