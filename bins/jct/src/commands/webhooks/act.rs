//! What is done to one webhook or one message.

use clap::Args;
use serde_json::{Value, json};
use ureq::http::Method;

use crate::client::Request;
use crate::commands::cells::text;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;

/// A webhook.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  jct webhooks list --json | jq -r '.webhooks[].id'     the ids there are")]
pub(crate) struct WebhookArgs {
    /// The webhook, by its id
    webhook: String,
}

/// Arguments of `jct webhooks rotate`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  jct webhooks rotate 01890a5d-ac96-774b-bcce-b302099a8057
  jct webhooks rotate 01890a5d-ac96-774b-bcce-b302099a8057 --keep-old-seconds 0     the old one is known to others")]
pub(crate) struct RotateArgs {
    /// The webhook, by its id
    webhook: String,
    /// How long messages are signed with the old secret as well
    #[arg(long, value_name = "SECONDS", default_value_t = 86_400, value_parser = clap::value_parser!(u64).range(0..=2_592_000))]
    keep_old_seconds: u64,
}

/// Arguments of `jct webhooks redeliver`.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  jct webhooks redeliver 01890a5d-ac96-774b-bcce-b302099a8057 01890a5e-1b2c-7000-8000-000000000001

The message keeps its `webhook-id`. Ends with 7 if it waits or is under way.")]
pub(crate) struct RedeliverArgs {
    /// The webhook, by its id
    webhook: String,
    /// The message, by its id
    delivery: String,
}

pub(super) fn show(args: &WebhookArgs, context: &Context) -> Result<Exit, Failure> {
    let webhook = context.client()?.get(&["webhooks", &args.webhook])?.json()?;
    print(&webhook, context.output())
}

pub(super) fn delete(args: &WebhookArgs, context: &Context) -> Result<Exit, Failure> {
    let request = Request { path: &["webhooks", &args.webhook], ..Request::default() };
    context.client()?.send(&Method::DELETE, request)?;
    let output = context.output();
    if output.is_json() {
        output.document(&json!({ "id": args.webhook, "deleted": true }))?;
    } else {
        output.line(format!("webhook {} deleted", args.webhook))?;
    }
    Ok(Exit::Success)
}

pub(super) fn rotate(args: &RotateArgs, context: &Context) -> Result<Exit, Failure> {
    let body = json!({ "keep_old_seconds": args.keep_old_seconds });
    let made = context.client()?.post(&["webhooks", &args.webhook, "rotate-secret"], &body)?.json()?;
    print_secret(&made, context.output())
}

pub(super) fn redeliver(args: &RedeliverArgs, context: &Context) -> Result<Exit, Failure> {
    let path = ["webhooks", &args.webhook, "deliveries", &args.delivery, "redeliver"];
    pending(&context.client()?.post(&path, &json!({}))?.json()?, context.output())
}

pub(super) fn test(args: &WebhookArgs, context: &Context) -> Result<Exit, Failure> {
    pending(&context.client()?.post(&["webhooks", &args.webhook, "test"], &json!({}))?.json()?, context.output())
}

fn pending(delivery: &Value, output: &Output) -> Result<Exit, Failure> {
    if output.is_json() {
        output.document(delivery)?;
        return Ok(Exit::Success);
    }
    output.line(format!("delivery {} {}", text(delivery, "id"), text(delivery, "status")))?;
    output.note(format!("what comes of it: jct webhooks deliveries {}", text(delivery, "webhook_id")));
    Ok(Exit::Success)
}

/// A webhook with its new secret.
pub(super) fn print_secret(made: &Value, output: &Output) -> Result<Exit, Failure> {
    if output.is_json() {
        output.document(made)?;
        return Ok(Exit::Success);
    }
    output.fields(&[("webhook", Some(text(made, "id"))), ("secret", Some(text(made, "secret")))])?;
    output.note("the secret is shown this once; give it to the receiver");
    Ok(Exit::Success)
}

pub(super) fn print(webhook: &Value, output: &Output) -> Result<Exit, Failure> {
    if output.is_json() {
        output.document(webhook)?;
        return Ok(Exit::Success);
    }
    let given = |member: &str| Some(text(webhook, member)).filter(|text| !text.is_empty());
    output.fields(&[
        ("webhook", given("id")),
        ("name", given("name")),
        ("url", given("url")),
        ("for", given("description")),
        ("types", given("event_types")),
        ("active", given("active")),
        ("switched off", given("disabled_reason")),
        ("created", given("created_at")),
        ("created by", given("created_by")),
        ("updated", given("updated_at")),
    ])?;
    Ok(Exit::Success)
}
