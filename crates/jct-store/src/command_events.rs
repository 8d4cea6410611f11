//! Writes of events and webhooks, as values on their way to the writer.

use jct_contract::{EventId, Principal, Timestamp, WebhookDeliveryId, WebhookId};
use jct_event::webhook::WebhookSecret;

use crate::model::{
    ClaimDeliveries, ClaimEvents, ClaimedDelivery, ClaimedEvent, DeliveryAnswer, DeliverySettled, DeliverySettlement,
    EmittedEvent, EventPost, EventPosted, EventRedriven, EventSettled, EventSettlement, NewWebhook, WebhookAnswer,
    WebhookChange,
};

/// A write of events, webhooks or what is between them.
#[derive(Debug)]
pub(crate) enum EventWrite {
    Post(Vec<EventPost>),
    /// The tower's own events that are no part of another change.
    Emit(Vec<EmittedEvent>),
    /// The same, found by following the audit log from one position to another.
    Tail {
        from: u64,
        to: u64,
        events: Vec<EmittedEvent>,
    },
    Claim(ClaimEvents),
    Settle(Vec<EventSettlement>),
    Redrive {
        id: EventId,
        by: Principal,
    },
    CreateWebhook(Box<NewWebhook>),
    ChangeWebhook {
        id: WebhookId,
        change: Box<WebhookChange>,
        by: Principal,
    },
    RotateWebhook {
        id: WebhookId,
        secret: WebhookSecret,
        old_until: Timestamp,
        by: Principal,
    },
    DeleteWebhook {
        id: WebhookId,
        by: Principal,
    },
    TestWebhook {
        id: WebhookId,
        by: Principal,
    },
    ClaimDeliveries(ClaimDeliveries),
    SettleDelivery(Box<DeliverySettlement>),
    Redeliver {
        webhook: WebhookId,
        id: WebhookDeliveryId,
        by: Principal,
    },
}

/// What the writer answers to an [`EventWrite`].
#[derive(Debug)]
pub(crate) enum EventAnswer {
    Posted(Vec<EventPosted>),
    /// How many events are new; `None` if somebody else has followed the log meanwhile.
    Emitted(Option<u64>),
    Claimed(Vec<ClaimedEvent>),
    Settled(Vec<EventSettled>),
    Redriven(EventRedriven),
    Webhook(Box<WebhookAnswer>),
    DeliveriesClaimed(Vec<ClaimedDelivery>),
    DeliverySettled(DeliverySettled),
    Delivery(DeliveryAnswer),
}

impl EventWrite {
    /// How many rows of its largest kind a write may make.
    pub(crate) fn weight(&self) -> usize {
        match self {
            Self::Post(posts) => posts.len(),
            Self::Emit(events) | Self::Tail { events, .. } => events.len().max(1),
            Self::Claim(claim) => claim.limit as usize,
            Self::Settle(settlements) => settlements.len(),
            Self::ClaimDeliveries(claim) => claim.wanted.iter().map(|(_, limit)| *limit as usize).sum(),
            _ => 1,
        }
    }

    /// The write without NUL in its free texts, which PostgreSQL cannot keep. What comes from outside was refused at its
    /// door if it held one; what a receiver or an error says was not.
    pub(crate) fn clean(&mut self, clean: impl Fn(&mut String)) {
        use crate::model::{DeliveryEnd, EventEnd};
        match self {
            Self::Settle(settlements) => settlements.iter_mut().for_each(|settlement| match &mut settlement.end {
                EventEnd::Completed { result, .. } => clean(result),
                EventEnd::Failed { error } | EventEnd::Retry { error, .. } | EventEnd::Dead { error } => clean(error),
            }),
            Self::SettleDelivery(settlement) => match &mut settlement.end {
                DeliveryEnd::Delivered => {}
                DeliveryEnd::Retry { error, .. } | DeliveryEnd::Failed { error } | DeliveryEnd::Gone { error } => {
                    clean(error);
                }
            },
            _ => {}
        }
    }
}

impl EventAnswer {
    /// Whether somebody might be waiting for what was done.
    pub(crate) fn is_news(&self, write: &EventWrite) -> bool {
        match self {
            Self::Posted(posted) => posted.iter().any(|posted| matches!(posted, EventPosted::Created { .. })),
            Self::Emitted(emitted) => emitted.is_some_and(|emitted| emitted > 0),
            // A consumer that went away leaves events that are due again; whoever takes them has seen them.
            Self::Claimed(_) | Self::DeliveriesClaimed(_) | Self::DeliverySettled(_) => false,
            Self::Settled(_) => match write {
                EventWrite::Settle(settlements) => settlements.iter().any(EventSettlement::has_effects),
                _ => true,
            },
            Self::Redriven(_) | Self::Webhook(_) | Self::Delivery(_) => true,
        }
    }
}
