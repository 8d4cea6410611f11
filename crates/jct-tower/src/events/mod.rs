//! Events: taken in, processed, told to webhooks; and what the tower itself has to say.

mod consumer;
mod courier;
mod decide;
mod error;
mod intake;
mod lookout;
mod options;
mod services;
mod tail;
mod webhooks;

pub use consumer::EventConsumer;
pub use courier::Courier;
pub use error::{PostEventError, ReadEventError, RedriveError, WebhookError};
pub use intake::PostEvents;
pub use lookout::Lookout;
pub use options::{EventOptions, EventServiceOptions, TaskChanges};
pub use services::EventServices;
pub use tail::Tail;
pub use webhooks::{MadeWebhook, WebhookRequest, WebhookUpdate};
