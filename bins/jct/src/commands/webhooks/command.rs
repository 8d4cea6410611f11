//! What can be done with webhooks.

use clap::Subcommand;

use super::{act, change, list, verify};
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;

/// What to do with webhooks.
#[derive(Debug, Subcommand)]
pub(crate) enum WebhooksCommand {
    /// Set up a webhook; its secret is printed this once
    Create(change::CreateArgs),
    /// List webhooks, newest first
    List(list::ListArgs),
    /// Show one webhook
    Show(act::WebhookArgs),
    /// Change a webhook, switch it on or off
    Update(change::UpdateArgs),
    /// Take a webhook away; what was not sent yet is called off
    Delete(act::WebhookArgs),
    /// Give a webhook a new secret, which is printed this once
    Rotate(act::RotateArgs),
    /// List the messages to a webhook, newest first
    Deliveries(list::DeliveriesArgs),
    /// Send a message once more
    Redeliver(act::RedeliverArgs),
    /// Send a webhook an event of type `webhook.test`
    Test(act::WebhookArgs),
    /// Check the signature of a message, without a tower
    Verify(verify::VerifyArgs),
}

pub(crate) fn run(command: WebhooksCommand, context: &Context) -> Result<Exit, Failure> {
    match command {
        WebhooksCommand::Create(args) => change::create(args, context),
        WebhooksCommand::List(args) => list::run(args, context),
        WebhooksCommand::Show(args) => act::show(&args, context),
        WebhooksCommand::Update(args) => change::update(args, context),
        WebhooksCommand::Delete(args) => act::delete(&args, context),
        WebhooksCommand::Rotate(args) => act::rotate(&args, context),
        WebhooksCommand::Deliveries(args) => list::deliveries(args, context),
        WebhooksCommand::Redeliver(args) => act::redeliver(&args, context),
        WebhooksCommand::Test(args) => act::test(&args, context),
        WebhooksCommand::Verify(args) => verify::run(&args, context),
    }
}
