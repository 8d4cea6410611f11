//! Webhooks: set up, changed, tested, taken away; and the messages to them.

mod deliveries;
mod schemas;
mod table;
mod webhook;

pub(crate) use table::{WebhooksDocument, configure};
