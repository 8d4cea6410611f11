//! Webhooks: everything but the secret, and once, when it is made, the secret; and the messages to them.

use jct_contract::{EventId, Timestamp, WebhookDeliveryId, WebhookId};
use jct_event::TypeFilter;
use jct_store::model::{DeliveryRecord, WebhookRecord};
use jct_tower::events::MadeWebhook;
use serde::Serialize;
use utoipa::ToSchema;

/// A webhook.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Webhook)]
pub(crate) struct WebhookBody<'a> {
    #[schema(value_type = String, format = "uuid")]
    id: WebhookId,
    name: &'a str,
    url: &'a str,
    description: Option<&'a str>,
    /// Types and patterns of types that it is told.
    event_types: Vec<&'a str>,
    active: bool,
    /// Why the tower has switched it off.
    disabled_reason: Option<&'a str>,
    created_by: &'a str,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

/// A webhook whose secret was just made.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MadeWebhook)]
pub(crate) struct MadeWebhookBody<'a> {
    /// What messages are signed with. It is shown this once.
    #[schema(example = "whsec_...")]
    secret: String,
    /// Until when messages are signed with the secrets before as well.
    #[schema(value_type = Option<String>, format = DateTime)]
    old_secrets_until: Option<Timestamp>,
    #[serde(flatten)]
    webhook: WebhookBody<'a>,
}

/// One event on its way to one webhook.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WebhookDelivery)]
pub(crate) struct DeliveryBody<'a> {
    /// The `webhook-id` of the message, the same for every try.
    #[schema(value_type = String, format = "uuid")]
    id: WebhookDeliveryId,
    #[schema(value_type = String, format = "uuid")]
    webhook_id: WebhookId,
    #[schema(value_type = String, format = "uuid")]
    event_id: EventId,
    event_type: &'a str,
    /// `pending`, `sending`, `delivered` or `failed`.
    #[schema(example = "delivered")]
    status: &'static str,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    attempts: u32,
    #[schema(value_type = Option<String>, format = DateTime)]
    next_attempt_at: Option<Timestamp>,
    #[schema(value_type = Option<String>, format = DateTime)]
    last_attempt_at: Option<Timestamp>,
    /// The HTTP status of the last answer.
    last_status: Option<u16>,
    last_error: Option<&'a str>,
    #[schema(value_type = Option<String>, format = DateTime)]
    finished_at: Option<Timestamp>,
}

impl<'a> WebhookBody<'a> {
    pub(crate) fn of(record: &'a WebhookRecord) -> Self {
        let WebhookRecord {
            id,
            name,
            url,
            description,
            filter,
            active,
            disabled_reason,
            created_by,
            created_at,
            updated_at,
        } = record;
        Self {
            id: *id,
            name,
            url,
            description: description.as_deref(),
            event_types: filter.iter().map(TypeFilter::as_str).collect(),
            active: *active,
            disabled_reason: disabled_reason.as_deref(),
            created_by,
            created_at: *created_at,
            updated_at: *updated_at,
        }
    }
}

impl<'a> MadeWebhookBody<'a> {
    pub(crate) fn of(made: &'a MadeWebhook) -> Self {
        Self {
            secret: made.secret.reveal().to_string(),
            old_secrets_until: made.old_until,
            webhook: WebhookBody::of(&made.record),
        }
    }
}

impl<'a> DeliveryBody<'a> {
    pub(crate) fn of(record: &'a DeliveryRecord) -> Self {
        Self {
            id: record.id,
            webhook_id: record.webhook_id,
            event_id: record.event_id,
            event_type: &record.event_type,
            status: record.status.as_str(),
            created_at: record.created_at,
            attempts: record.attempts,
            next_attempt_at: record.next_attempt_at,
            last_attempt_at: record.last_attempt_at,
            last_status: record.last_status,
            last_error: record.last_error.as_deref(),
            finished_at: record.finished_at,
        }
    }
}
