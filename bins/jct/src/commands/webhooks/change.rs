//! `jct webhooks create` and `jct webhooks update`.

use clap::Args;
use serde_json::{Map, Value, json};
use ureq::http::Method;

use super::act::{print, print_secret};
use crate::client::Request;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;

/// Arguments of `jct webhooks create`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  jct webhooks create ops https://example.org/hooks --type review.due --type worker.lost
  jct webhooks create all https://example.org/hooks --type '*' --json | jq -r .secret

Messages are CloudEvents in JSON, signed after Standard Webhooks 1.0. Addresses that are not on the public \
internet are refused unless the operator has named the host (JCT_EVENTS_WEBHOOK_ALLOWED_HOSTS).")]
pub(crate) struct CreateArgs {
    /// Name of the webhook; unique
    name: String,
    /// Where messages go
    #[arg(value_name = "URL")]
    to: String,
    /// Type of events that it is told, or a pattern: `task.*`, `*`; repeatable
    #[arg(long = "type", value_name = "TYPE", required = true)]
    types: Vec<String>,
    /// What it is for
    #[arg(long)]
    description: Option<String>,
    /// Set it up switched off
    #[arg(long)]
    inactive: bool,
}

/// Arguments of `jct webhooks update`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  jct webhooks update 01890a5d-ac96-774b-bcce-b302099a8057 --deactivate
  jct webhooks update 01890a5d-ac96-774b-bcce-b302099a8057 --type 'task.*' --type review.due

What is not said stays. --type replaces all types.")]
pub(crate) struct UpdateArgs {
    /// The webhook, by its id
    webhook: String,
    /// Another name
    #[arg(long)]
    name: Option<String>,
    /// Where messages go from now on
    #[arg(long = "to", value_name = "URL")]
    to: Option<String>,
    /// Types of events that it is told from now on; repeatable
    #[arg(long = "type", value_name = "TYPE")]
    types: Vec<String>,
    /// What it is for; an empty text takes it away
    #[arg(long)]
    description: Option<String>,
    /// Switch it on
    #[arg(long, conflicts_with = "deactivate")]
    activate: bool,
    /// Switch it off; what it would have been sent waits
    #[arg(long)]
    deactivate: bool,
}

pub(super) fn create(args: CreateArgs, context: &Context) -> Result<Exit, Failure> {
    let CreateArgs { name, to, types, description, inactive } = args;
    let body = json!({
        "name": name, "url": to, "event_types": types, "description": description, "active": !inactive,
    });
    let made = context.client()?.post(&["webhooks"], &body)?.json()?;
    print_secret(&made, context.output())
}

pub(super) fn update(args: UpdateArgs, context: &Context) -> Result<Exit, Failure> {
    let UpdateArgs { webhook, name, to, types, description, activate, deactivate } = args;
    let members = [
        ("name", name.map(Value::from)),
        ("url", to.map(Value::from)),
        ("description", description.map(Value::from)),
        ("event_types", (!types.is_empty()).then(|| json!(types))),
        ("active", (activate || deactivate).then(|| json!(activate))),
    ];
    let body: Map<String, Value> =
        members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect();
    if body.is_empty() {
        return Err(Failure::new(Exit::Usage, "nothing is to be changed").hint("see `jct webhooks update --help`"));
    }
    let body = Some(Value::Object(body).to_string().into_bytes());
    let request = Request { path: &["webhooks", &webhook], body, ..Request::default() };
    let changed = context.client()?.send(&Method::PATCH, request)?.json()?;
    print(&changed, context.output())
}
