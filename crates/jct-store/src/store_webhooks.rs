//! The store's methods for webhooks and for the messages to them.

use jct_contract::{Principal, Timestamp, WebhookDeliveryId, WebhookId};
use jct_event::webhook::WebhookSecret;

use crate::command_events::{EventAnswer, EventWrite};
use crate::model::{
    ClaimDeliveries, ClaimedDelivery, DeliveryAnswer, DeliveryRecord, DeliverySettled, DeliverySettlement, NewWebhook,
    Page, PageStart, WebhookAnswer, WebhookChange, WebhookRecord,
};
use crate::store_events::write_event;
use crate::{Store, StoreError};

impl Store {
    /// Sets up a webhook.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database cannot be written.
    pub async fn webhook_create(&self, new: NewWebhook) -> Result<WebhookAnswer, StoreError> {
        self.webhook_write(EventWrite::CreateWebhook(Box::new(new))).await
    }

    /// Changes a webhook.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database cannot be written.
    pub async fn webhook_change(
        &self,
        id: WebhookId,
        change: WebhookChange,
        by: Principal,
    ) -> Result<WebhookAnswer, StoreError> {
        self.webhook_write(EventWrite::ChangeWebhook { id, change: Box::new(change), by }).await
    }

    /// Gives a webhook a new secret. Messages are signed with the old ones as well until `old_until`.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database cannot be written.
    pub async fn webhook_rotate(
        &self,
        id: WebhookId,
        secret: WebhookSecret,
        old_until: Timestamp,
        by: Principal,
    ) -> Result<WebhookAnswer, StoreError> {
        self.webhook_write(EventWrite::RotateWebhook { id, secret, old_until, by }).await
    }

    /// Takes a webhook away, its secrets with it. Messages that were not sent yet are called off.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database cannot be written.
    pub async fn webhook_delete(&self, id: WebhookId, by: Principal) -> Result<WebhookAnswer, StoreError> {
        self.webhook_write(EventWrite::DeleteWebhook { id, by }).await
    }

    async fn webhook_write(&self, write: EventWrite) -> Result<WebhookAnswer, StoreError> {
        let answer: Result<Box<WebhookAnswer>, StoreError> = write_event!(self, write => Webhook);
        answer.map(|answer| *answer)
    }

    /// Sends a webhook an event that says that it is a test, as soon as the webhook is active.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database cannot be written.
    pub async fn webhook_test(&self, id: WebhookId, by: Principal) -> Result<DeliveryAnswer, StoreError> {
        write_event!(self, EventWrite::TestWebhook { id, by } => Delivery)
    }

    /// One webhook.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database cannot be read.
    pub async fn webhook_get(&self, id: WebhookId) -> Result<Option<WebhookRecord>, StoreError> {
        self.engine.webhook_get(id).await
    }

    /// A page of webhooks, newest first. `limit` is at most 500.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database cannot be read.
    pub async fn webhook_list(&self, start: PageStart, limit: u32) -> Result<Page<WebhookRecord>, StoreError> {
        self.engine.webhook_list(start, limit).await
    }

    /// Every webhook that is active, the oldest first.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database cannot be read.
    pub async fn webhooks_active(&self) -> Result<Vec<WebhookRecord>, StoreError> {
        self.engine.webhooks_active().await
    }

    /// The active webhooks that have something to be sent now. A read: an idle sender writes nothing.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database cannot be read.
    pub async fn deliveries_due(&self) -> Result<Vec<WebhookId>, StoreError> {
        self.engine.deliveries_due().await
    }

    /// Leases messages, for each webhook up to as many as are asked for.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database cannot be written.
    pub async fn deliveries_claim(&self, claim: ClaimDeliveries) -> Result<Vec<ClaimedDelivery>, StoreError> {
        write_event!(self, EventWrite::ClaimDeliveries(claim) => DeliveriesClaimed)
    }

    /// Ends one try of a message.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database cannot be written; settling again is then safe.
    pub async fn delivery_settle(&self, settlement: DeliverySettlement) -> Result<DeliverySettled, StoreError> {
        write_event!(self, EventWrite::SettleDelivery(Box::new(settlement)) => DeliverySettled)
    }

    /// Sends a message once more that was delivered or given up, with all its tries and under its own name.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database cannot be written.
    pub async fn redeliver(
        &self,
        webhook: WebhookId,
        id: WebhookDeliveryId,
        by: Principal,
    ) -> Result<DeliveryAnswer, StoreError> {
        write_event!(self, EventWrite::Redeliver { webhook, id, by } => Delivery)
    }

    /// A page of the messages to a webhook, newest first; `None` if there is no such webhook. `limit` is at most 500.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database cannot be read.
    pub async fn delivery_list(
        &self,
        webhook: WebhookId,
        start: PageStart,
        limit: u32,
    ) -> Result<Option<Page<DeliveryRecord>>, StoreError> {
        self.engine.delivery_list(webhook, start, limit).await
    }
}
