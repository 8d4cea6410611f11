//! Addresses that events are sent to, and what is on its way there.

use std::time::Duration;

use jct_contract::{EventId, Principal, Timestamp, WebhookDeliveryId, WebhookId};
use jct_event::webhook::{DeliveryStatus, IllegalDeliveryTransition, WebhookSecret};
use jct_event::{EventType, TypeFilter};
use jct_lifecycle::Fence;

use super::EventRecord;

/// A secret of a webhook, and until when messages are signed with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhookKey {
    /// The secret.
    pub secret: WebhookSecret,
    /// `None` for the one in use.
    pub until: Option<Timestamp>,
}

/// A webhook that somebody sets up.
#[derive(Clone, Debug)]
pub struct NewWebhook {
    /// Its name, which no other webhook has.
    pub name: String,
    /// Where messages go; judged by the caller.
    pub url: String,
    /// What it is for.
    pub description: Option<String>,
    /// Which events it is told, at least one pattern.
    pub filter: Vec<TypeFilter>,
    /// What messages are signed with.
    pub secret: WebhookSecret,
    /// Whether messages are sent.
    pub active: bool,
    /// Who sets it up.
    pub by: Principal,
}

/// A webhook, without its secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhookRecord {
    /// Its id.
    pub id: WebhookId,
    /// Its name.
    pub name: String,
    /// Where messages go.
    pub url: String,
    /// What it is for.
    pub description: Option<String>,
    /// Which events it is told.
    pub filter: Vec<TypeFilter>,
    /// Whether messages are sent.
    pub active: bool,
    /// Why the tower has switched it off.
    pub disabled_reason: Option<String>,
    /// Who set it up.
    pub created_by: String,
    /// When.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub updated_at: Timestamp,
}

impl WebhookRecord {
    /// Whether it is told events of this type, while it is active.
    #[must_use]
    pub fn wants(&self, event_type: &EventType) -> bool {
        self.filter.iter().any(|filter| filter.matches(event_type))
    }
}

/// What to change of a webhook; what is absent stays.
#[derive(Clone, Debug, Default)]
pub struct WebhookChange {
    /// Its name.
    pub name: Option<String>,
    /// Where messages go; judged by the caller.
    pub url: Option<String>,
    /// What it is for; an empty text takes it away.
    pub description: Option<String>,
    /// Which events it is told.
    pub filter: Option<Vec<TypeFilter>>,
    /// Whether messages are sent; switching it on forgets why it was switched off.
    pub active: Option<bool>,
}

/// What became of a change of webhooks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WebhookAnswer {
    /// The webhook as it is kept now.
    Kept(WebhookRecord),
    /// Another webhook has this name.
    NameTaken {
        /// Which.
        id: WebhookId,
    },
    /// No such webhook.
    NotFound,
    /// It is gone.
    Deleted,
}

/// One event on its way to one webhook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryRecord {
    /// The name of the message, the same for every try.
    pub id: WebhookDeliveryId,
    /// Where it goes.
    pub webhook_id: WebhookId,
    /// The event.
    pub event_id: EventId,
    /// Its type.
    pub event_type: String,
    /// Where the message is in its life.
    pub status: DeliveryStatus,
    /// When the event was processed.
    pub created_at: Timestamp,
    /// Tries since then, or since it was sent again.
    pub attempts: u32,
    /// When it is tried next, exactly while it is pending.
    pub next_attempt_at: Option<Timestamp>,
    /// When it was tried last.
    pub last_attempt_at: Option<Timestamp>,
    /// What the receiver answered the last time, if it did.
    pub last_status: Option<u16>,
    /// What went wrong the last time.
    pub last_error: Option<String>,
    /// When it was delivered or given up.
    pub finished_at: Option<Timestamp>,
}

/// The right to end one try of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct DeliveryLease {
    /// The delivery.
    pub id: WebhookDeliveryId,
    /// Which try.
    pub fence: Fence,
}

/// A sender asks for messages.
#[derive(Clone, Debug)]
pub struct ClaimDeliveries {
    /// How many for each webhook at most.
    pub wanted: Vec<(WebhookId, u32)>,
    /// How long it may take over them.
    pub lease: Duration,
    /// Tries a message gets in all; one whose last sender went away has failed.
    pub max_attempts: u32,
}

/// A message that has to be sent, and its try ended, before its lease ends.
#[derive(Clone, Debug)]
pub struct ClaimedDelivery {
    /// The right to end it.
    pub lease: DeliveryLease,
    /// Which try, from 1.
    pub attempt: u32,
    /// Where it goes.
    pub webhook: WebhookRecord,
    /// What it is signed with, the newest first; never empty.
    pub secrets: Vec<WebhookSecret>,
    /// What it tells.
    pub event: EventRecord,
}

/// How a try of a delivery ends.
#[derive(Clone, Debug)]
pub struct DeliverySettlement {
    /// The right to end it.
    pub lease: DeliveryLease,
    /// What the receiver answered, if it did.
    pub status: Option<u16>,
    /// How it ends.
    pub end: DeliveryEnd,
}

/// How a try of a delivery ends.
#[derive(Clone, Debug)]
pub enum DeliveryEnd {
    /// The receiver has it.
    Delivered,
    /// It may go better later.
    Retry {
        /// What went wrong.
        error: String,
        /// How long to wait.
        after: Duration,
    },
    /// There are no tries left.
    Failed {
        /// What went wrong the last time.
        error: String,
    },
    /// The receiver wants no more messages: the webhook is switched off.
    Gone {
        /// What it said.
        error: String,
    },
}

/// What became of a settlement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeliverySettled {
    /// Accepted; this is what the delivery is now.
    Settled(DeliveryStatus),
    /// The lease is gone; nothing was changed.
    Stale,
}

/// What became of a request to send a message once more, or to send a test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeliveryAnswer {
    /// It will be sent.
    Pending(Box<DeliveryRecord>),
    /// No such delivery of this webhook, or no such webhook.
    NotFound,
    /// Not possible from its state.
    Illegal(IllegalDeliveryTransition),
}
