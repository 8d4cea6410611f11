//! Why a use case of events or webhooks came to nothing.

use jct_contract::{EventId, WebhookId};
use jct_event::IllegalEventTransition;
use jct_event::webhook::{IllegalDeliveryTransition, InvalidEndpoint};
use jct_store::StoreError;

/// Why events were not taken in.
#[derive(Debug, thiserror::Error)]
pub enum PostEventError {
    /// The key is none.
    #[error("an idempotency key has 1 to 256 visible ASCII characters")]
    IdempotencyKey,
    /// The database failed.
    #[error("failed to keep the event")]
    Store(#[from] StoreError),
}

/// Why there is nothing to read.
#[derive(Debug, thiserror::Error)]
pub enum ReadEventError {
    /// No such event.
    #[error("there is no such event")]
    NotFound,
    /// The database failed.
    #[error("failed to read the event")]
    Store(#[from] StoreError),
}

/// Why an event was not redriven.
#[derive(Debug, thiserror::Error)]
pub enum RedriveError {
    /// No such event.
    #[error("there is no such event")]
    NotFound,
    /// Not possible from its state.
    #[error("only a failed or dead event can be redriven")]
    Illegal {
        /// Which event.
        id: EventId,
        /// Where it is, and where it would have gone.
        #[source]
        source: IllegalEventTransition,
    },
    /// The database failed.
    #[error("failed to redrive the event")]
    Store(#[from] StoreError),
}

/// Why a use case of webhooks came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum WebhookError {
    /// No such webhook.
    #[error("there is no such webhook")]
    NotFound,
    /// No such delivery of this webhook.
    #[error("the webhook has no such delivery")]
    DeliveryNotFound,
    /// Another webhook has the name.
    #[error("another webhook has this name")]
    NameTaken {
        /// Which.
        id: WebhookId,
    },
    /// The URL is not one that messages may go to.
    #[error("the URL is not one that messages may go to")]
    Url(#[source] InvalidEndpoint),
    /// A webhook that is told nothing.
    #[error("a webhook has at least one pattern of types")]
    NoFilter,
    /// The message is under way.
    #[error("only a message that was delivered or given up can be sent once more")]
    Illegal(#[source] IllegalDeliveryTransition),
    /// The system has no randomness.
    #[error("failed to make a random secret")]
    Random(#[source] getrandom::Error),
    /// The database failed.
    #[error("failed to read or write webhooks")]
    Store(#[from] StoreError),
}
