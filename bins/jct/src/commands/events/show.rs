//! `jct events show` and `jct events redrive`: one event as it stands.

use clap::Args;
use serde_json::{Value, json};

use crate::commands::cells::text;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;

/// Arguments of `jct events show`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  jct events show 01890a5d-ac96-774b-bcce-b302099a8057
  jct events show 01890a5d-ac96-774b-bcce-b302099a8057 --json | jq .data")]
pub(crate) struct ShowArgs {
    /// The event
    id: String,
}

/// Arguments of `jct events redrive`.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  jct events list --status dead --json | jq -r '.events[].id' | xargs -n1 jct events redrive

Ends with 7 if the event is neither failed nor dead.")]
pub(crate) struct RedriveArgs {
    /// The event
    id: String,
}

pub(super) fn run(args: &ShowArgs, context: &Context) -> Result<Exit, Failure> {
    let event = context.client()?.get(&["events", &args.id])?.json()?;
    shown(&event, context.output())
}

pub(super) fn redrive(args: &RedriveArgs, context: &Context) -> Result<Exit, Failure> {
    let event = context.client()?.post(&["events", &args.id, "redrive"], &json!({}))?.json()?;
    let output = context.output();
    if output.is_json() {
        output.document(&event)?;
    } else {
        output.line(format!("event {} {}", text(&event, "id"), text(&event, "status")))?;
    }
    Ok(Exit::Success)
}

fn shown(event: &Value, output: &Output) -> Result<Exit, Failure> {
    if output.is_json() {
        output.document(event)?;
        return Ok(Exit::Success);
    }
    let given = |member: &str| Some(text(event, member)).filter(|text| !text.is_empty());
    output.fields(&[
        ("event", given("id")),
        ("type", given("type")),
        ("source", given("source")),
        ("source id", given("source_id")),
        ("subject", given("subject")),
        ("priority", given("priority")),
        ("status", given("status")),
        ("created", given("created_at")),
        ("created by", given("created_by")),
        ("cause", given("cause")),
        ("attempts", given("attempts")),
        ("next attempt", given("next_attempt_at")),
        ("processed", given("processed_at")),
        ("processed by", given("processed_by")),
        ("result", given("result")),
        ("error", given("error")),
    ])?;
    if let Some(data) = event.get("data").filter(|data| !data.is_null()) {
        output.line("")?;
        let pretty = serde_json::to_string_pretty(data).unwrap_or_default();
        pretty.lines().try_for_each(|line| output.line(line))?;
    }
    Ok(Exit::Success)
}
