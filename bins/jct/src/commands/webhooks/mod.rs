//! `jct webhooks`: who outside is told of events.

mod act;
mod change;
mod command;
mod list;
mod verify;

pub(crate) use command::{WebhooksCommand, run};
