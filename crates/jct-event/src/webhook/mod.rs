//! Outgoing webhooks after Standard Webhooks 1.0: everything about them that needs no network.
//!
//! * [`WebhookSecret`] and [`WebhookSecrets`]: what messages are signed with, several at once while one replaces
//!   another.
//! * [`WebhookSecrets::sign`] and [`WebhookSecrets::verify`]: the three headers, made and judged.
//! * [`EndpointUrl`] and [`AddressClass`]: where messages may go. A URL is judged when it is kept; the addresses that
//!   its name resolves to are judged again at **every** connection, by whoever connects, because a name can change its
//!   mind.
//! * [`DeliveryStatus`]: where one message is in its life, with [`next_delivery`] as the machine.
//! * [`RetrySchedule`] and [`Verdict`]: what an answer means and when to try again.

mod address;
mod delivery;
mod endpoint;
mod message;
mod retry;
mod secret;
mod signature;

pub use address::AddressClass;
pub use delivery::{
    DeliveryStatus, DeliveryTransition, IllegalDeliveryTransition, UnknownDeliveryStatus, next as next_delivery,
};
pub use endpoint::{AddressRules, EndpointUrl, InvalidEndpoint};
pub use message::{InvalidMessageId, MessageId};
pub use retry::{RetrySchedule, Verdict};
pub use secret::{InvalidSecret, WebhookSecret, WebhookSecrets, WrongNumberOfSecrets};
pub use signature::{DEFAULT_TOLERANCE, SignatureError, SignedHeaders};
