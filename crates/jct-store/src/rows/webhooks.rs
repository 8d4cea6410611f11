//! Webhooks and deliveries as rows.

use diesel::prelude::*;
use jct_contract::{Timestamp, WebhookDeliveryId, WebhookId};
use jct_event::TypeFilter;
use jct_event::webhook::DeliveryStatus;
use jct_lifecycle::Fence;
use serde::{Deserialize, Serialize};

use super::{split, time, to_u32};
use crate::StoreError;
use crate::model::{DeliveryLease, DeliveryRecord, NewWebhook, WebhookKey, WebhookRecord};
use crate::schema_events::{webhook_deliveries, webhooks};
use crate::types::Id;

#[derive(AsChangeset, Clone, Debug, Insertable, Queryable, Selectable)]
#[diesel(table_name = webhooks)]
#[diesel(treat_none_as_null = true)]
pub(crate) struct WebhookRow {
    pub(crate) id: Id,
    pub(crate) name: String,
    pub(crate) url: String,
    pub(crate) description: Option<String>,
    pub(crate) filter: String,
    pub(crate) secrets: String,
    pub(crate) active: bool,
    pub(crate) disabled_reason: Option<String>,
    pub(crate) created_by: String,
    pub(crate) created_at: i64,
    pub(crate) updated_at: i64,
    pub(crate) deleted_at: Option<i64>,
}

/// A secret in its column.
#[derive(Deserialize, Serialize)]
struct KeyText {
    secret: String,
    until: Option<i64>,
}

/// The secrets of a webhook as they are kept, the newest first.
pub(crate) fn keys_column(keys: &[WebhookKey]) -> Result<String, StoreError> {
    let texts: Vec<KeyText> = keys
        .iter()
        .map(|key| KeyText { secret: key.secret.reveal().to_string(), until: key.until.map(Timestamp::as_micros) })
        .collect();
    serde_json::to_string(&texts).map_err(|_| StoreError::corrupt("secrets that are no JSON"))
}

/// Patterns of types, separated by a space.
pub(crate) fn filter_column(filter: &[TypeFilter]) -> String {
    filter.iter().map(TypeFilter::as_str).collect::<Vec<_>>().join(" ")
}

impl WebhookRow {
    pub(crate) fn new(new: &NewWebhook, now: Timestamp) -> Result<Self, StoreError> {
        let key = WebhookKey { secret: new.secret.clone(), until: None };
        Ok(Self {
            id: WebhookId::at(now).into(),
            name: new.name.clone(),
            url: new.url.clone(),
            description: new.description.clone(),
            filter: filter_column(&new.filter),
            secrets: keys_column(&[key])?,
            active: new.active,
            disabled_reason: None,
            created_by: new.by.name().to_owned(),
            created_at: now.as_micros(),
            updated_at: now.as_micros(),
            deleted_at: None,
        })
    }

    /// The secrets, those that are not used any more included. What cannot be read is not named: it is a secret.
    pub(crate) fn keys(&self) -> Result<Vec<WebhookKey>, StoreError> {
        let broken = || StoreError::corrupt(format!("the secrets of webhook {}", self.id.0));
        let texts: Vec<KeyText> = serde_json::from_str(&self.secrets).map_err(|_| broken())?;
        texts
            .into_iter()
            .map(|text| {
                let secret = text.secret.parse().map_err(|_| broken())?;
                Ok(WebhookKey { secret, until: text.until.map(time) })
            })
            .collect()
    }
}

impl TryFrom<WebhookRow> for WebhookRecord {
    type Error = StoreError;

    fn try_from(row: WebhookRow) -> Result<Self, StoreError> {
        let read = |word: String| word.parse().map_err(|_| StoreError::corrupt(format!("pattern `{word}`")));
        Ok(Self {
            id: row.id.into(),
            name: row.name,
            url: row.url,
            description: row.description,
            filter: split(&row.filter).into_iter().map(read).collect::<Result<_, _>>()?,
            active: row.active,
            disabled_reason: row.disabled_reason,
            created_by: row.created_by,
            created_at: time(row.created_at),
            updated_at: time(row.updated_at),
        })
    }
}

#[derive(Clone, Debug, Insertable, Queryable, Selectable)]
#[diesel(table_name = webhook_deliveries)]
pub(crate) struct DeliveryRow {
    pub(crate) id: Id,
    pub(crate) webhook_id: Id,
    pub(crate) event_id: Id,
    pub(crate) status: String,
    pub(crate) created_at: i64,
    pub(crate) attempts: i64,
    pub(crate) next_attempt_at: Option<i64>,
    pub(crate) epoch: i64,
    pub(crate) generation: i64,
    pub(crate) expires_at: Option<i64>,
    pub(crate) last_attempt_at: Option<i64>,
    pub(crate) last_status: Option<i64>,
    pub(crate) last_error: Option<String>,
    pub(crate) finished_at: Option<i64>,
}

impl DeliveryRow {
    /// A message that was made at `at` and is due at `now`.
    pub(crate) fn pending(webhook_id: Id, event_id: Id, (at, now): (Timestamp, Timestamp)) -> Self {
        Self {
            id: WebhookDeliveryId::at(at).into(),
            webhook_id,
            event_id,
            status: DeliveryStatus::Pending.as_str().to_owned(),
            created_at: at.as_micros(),
            attempts: 0,
            next_attempt_at: Some(now.as_micros()),
            epoch: 0,
            generation: 0,
            expires_at: None,
            last_attempt_at: None,
            last_status: None,
            last_error: None,
            finished_at: None,
        }
    }

    pub(crate) fn lease(&self) -> DeliveryLease {
        DeliveryLease { id: self.id.into(), fence: Fence { epoch: self.epoch, generation: self.generation } }
    }

    pub(crate) fn status(&self) -> Result<DeliveryStatus, StoreError> {
        self.status.parse().map_err(|_| StoreError::corrupt(format!("status `{}` of a delivery", self.status)))
    }

    pub(crate) fn into_record(self, event_type: String) -> Result<DeliveryRecord, StoreError> {
        let status = self.status()?;
        let to_status = |status| u16::try_from(status).map_err(|_| StoreError::corrupt("the answer to a delivery"));
        Ok(DeliveryRecord {
            id: self.id.into(),
            webhook_id: self.webhook_id.into(),
            event_id: self.event_id.into(),
            event_type,
            status,
            created_at: time(self.created_at),
            attempts: to_u32("attempts", self.attempts)?,
            next_attempt_at: self.next_attempt_at.map(time),
            last_attempt_at: self.last_attempt_at.map(time),
            last_status: self.last_status.map(to_status).transpose()?,
            last_error: self.last_error,
            finished_at: self.finished_at.map(time),
        })
    }
}
