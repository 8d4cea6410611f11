//! Webhooks: set up, changed, taken away; and the messages to them. Every change is audited by the store with the caller
//! as its author.

use std::time::Duration;

use jct_contract::{Principal, Timestamp, WebhookDeliveryId, WebhookId};
use jct_event::TypeFilter;
use jct_event::webhook::{EndpointUrl, WebhookSecret};
use jct_store::StoreError;
use jct_store::model::{
    DeliveryAnswer, DeliveryRecord, NewWebhook, Page, PageStart, WebhookAnswer, WebhookChange, WebhookRecord,
};
use zeroize::Zeroizing;

use super::WebhookError;
use crate::Tower;

/// Bytes of a secret.
const SECRET_BYTES: usize = 32;

/// A webhook to be set up.
#[derive(Clone, Debug)]
pub struct WebhookRequest {
    /// Its name, which no other has; printable, 1 to 100 characters.
    pub name: String,
    /// Where messages go.
    pub url: String,
    /// What it is for.
    pub description: Option<String>,
    /// Which events it is told.
    pub filter: Vec<TypeFilter>,
    /// Whether messages are sent.
    pub active: bool,
}

/// A change of a webhook; what is absent stays.
#[derive(Clone, Debug, Default)]
pub struct WebhookUpdate {
    /// Its name.
    pub name: Option<String>,
    /// Where messages go.
    pub url: Option<String>,
    /// What it is for; an empty text takes it away.
    pub description: Option<String>,
    /// Which events it is told.
    pub filter: Option<Vec<TypeFilter>>,
    /// Whether messages are sent.
    pub active: Option<bool>,
}

/// A webhook with its new secret, which cannot be seen again.
#[derive(Clone, Debug)]
pub struct MadeWebhook {
    /// What is kept and shown.
    pub record: WebhookRecord,
    /// What messages are signed with.
    pub secret: WebhookSecret,
    /// Until when messages are signed with the old secrets as well.
    pub old_until: Option<Timestamp>,
}

impl Tower {
    /// Sets up a webhook.
    ///
    /// # Errors
    /// [`WebhookError`]; nothing was kept, unless the store does not know.
    pub async fn webhook_create(
        &self,
        request: WebhookRequest,
        principal: Principal,
    ) -> Result<MadeWebhook, WebhookError> {
        let WebhookRequest { name, url, description, filter, active } = request;
        let url = self.judged(&url)?;
        if filter.is_empty() {
            return Err(WebhookError::NoFilter);
        }
        let secret = random_secret()?;
        let new = NewWebhook { name, url, description, filter, secret: secret.clone(), active, by: principal.clone() };
        let record = kept(self.store().webhook_create(new).await?)?;
        log::info!(webhook_id:% = record.id, by = principal.name(); "webhook set up");
        Ok(MadeWebhook { record, secret, old_until: None })
    }

    /// Changes a webhook.
    ///
    /// # Errors
    /// [`WebhookError`]; nothing was changed, unless the store does not know.
    pub async fn webhook_change(
        &self,
        id: WebhookId,
        update: WebhookUpdate,
        principal: Principal,
    ) -> Result<WebhookRecord, WebhookError> {
        let WebhookUpdate { name, url, description, filter, active } = update;
        let url = url.map(|url| self.judged(&url)).transpose()?;
        if filter.as_ref().is_some_and(Vec::is_empty) {
            return Err(WebhookError::NoFilter);
        }
        let change = WebhookChange { name, url, description, filter, active };
        kept(self.store().webhook_change(id, change, principal).await?)
    }

    /// Gives a webhook a new secret. Messages are signed with the old ones as well for `keep_old`.
    ///
    /// # Errors
    /// [`WebhookError`]; nothing was changed, unless the store does not know.
    pub async fn webhook_rotate(
        &self,
        id: WebhookId,
        keep_old: Duration,
        principal: Principal,
    ) -> Result<MadeWebhook, WebhookError> {
        let secret = random_secret()?;
        let old_until = self.store().now().await?.after(keep_old);
        let record = kept(self.store().webhook_rotate(id, secret.clone(), old_until, principal).await?)?;
        Ok(MadeWebhook { record, secret, old_until: Some(old_until) })
    }

    /// Takes a webhook away. Messages that were not sent yet are called off.
    ///
    /// # Errors
    /// [`WebhookError`].
    pub async fn webhook_delete(&self, id: WebhookId, principal: Principal) -> Result<(), WebhookError> {
        match self.store().webhook_delete(id, principal).await? {
            WebhookAnswer::Deleted => Ok(()),
            WebhookAnswer::Kept(_) | WebhookAnswer::NameTaken { .. } | WebhookAnswer::NotFound => {
                Err(WebhookError::NotFound)
            }
        }
    }

    /// One webhook, without its secrets.
    ///
    /// # Errors
    /// [`WebhookError`].
    pub async fn webhook(&self, id: WebhookId) -> Result<WebhookRecord, WebhookError> {
        self.store().webhook_get(id).await?.ok_or(WebhookError::NotFound)
    }

    /// A page of webhooks, newest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn webhooks(&self, start: PageStart, limit: u32) -> Result<Page<WebhookRecord>, StoreError> {
        self.store().webhook_list(start, limit).await
    }

    /// A page of the messages to a webhook, newest first.
    ///
    /// # Errors
    /// [`WebhookError`].
    pub async fn deliveries(
        &self,
        id: WebhookId,
        start: PageStart,
        limit: u32,
    ) -> Result<Page<DeliveryRecord>, WebhookError> {
        self.store().delivery_list(id, start, limit).await?.ok_or(WebhookError::NotFound)
    }

    /// Sends a message once more under its own name.
    ///
    /// # Errors
    /// [`WebhookError`].
    pub async fn redeliver(
        &self,
        webhook: WebhookId,
        id: WebhookDeliveryId,
        principal: Principal,
    ) -> Result<DeliveryRecord, WebhookError> {
        self.webhook(webhook).await?;
        pending(self.store().redeliver(webhook, id, principal).await?, WebhookError::DeliveryNotFound)
    }

    /// Sends a webhook an event that says that it is a test, as soon as the webhook is active.
    ///
    /// # Errors
    /// [`WebhookError`].
    pub async fn webhook_test(&self, id: WebhookId, principal: Principal) -> Result<DeliveryRecord, WebhookError> {
        pending(self.store().webhook_test(id, principal).await?, WebhookError::NotFound)
    }

    /// The URL in its one spelling, if messages may go there.
    fn judged(&self, url: &str) -> Result<String, WebhookError> {
        let rules = &self.event_options().addresses;
        EndpointUrl::parse(url, rules).map(|url| url.to_string()).map_err(WebhookError::Url)
    }
}

fn kept(answer: WebhookAnswer) -> Result<WebhookRecord, WebhookError> {
    match answer {
        WebhookAnswer::Kept(record) => Ok(record),
        WebhookAnswer::NameTaken { id } => Err(WebhookError::NameTaken { id }),
        WebhookAnswer::NotFound | WebhookAnswer::Deleted => Err(WebhookError::NotFound),
    }
}

fn pending(answer: DeliveryAnswer, missing: WebhookError) -> Result<DeliveryRecord, WebhookError> {
    match answer {
        DeliveryAnswer::Pending(record) => Ok(*record),
        DeliveryAnswer::NotFound => Err(missing),
        DeliveryAnswer::Illegal(illegal) => Err(WebhookError::Illegal(illegal)),
    }
}

fn random_secret() -> Result<WebhookSecret, WebhookError> {
    let mut bytes = Zeroizing::new(vec![0; SECRET_BYTES]);
    getrandom::fill(&mut bytes).map_err(WebhookError::Random)?;
    let made = WebhookSecret::from_bytes(bytes.to_vec());
    // 32 bytes are a secret.
    made.map_err(|_| WebhookError::Random(getrandom::Error::UNSUPPORTED))
}
