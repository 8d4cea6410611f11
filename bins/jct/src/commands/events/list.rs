//! `jct events list`: a page of events.

use clap::Args;
use jct_contract::Timestamp;
use serde_json::Value;

use crate::commands::cells::{moment, text};
use crate::commands::page::List;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Column, one_line};

const COLUMNS: [Column; 6] = [
    Column::Plain("EVENT"),
    Column::Status("STATUS"),
    Column::Plain("PRIORITY"),
    Column::Plain("TYPE"),
    Column::Plain("SOURCE"),
    Column::Plain("CREATED"),
];

/// Arguments of `jct events list`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  jct events list --status dead
  jct events list --type 'monitoring.*' --priority critical
  jct events list --json | jq -r '.events[].id'

With --json the page is {\"events\": [...], \"next_cursor\": ...}.")]
pub(crate) struct ListArgs {
    #[command(flatten)]
    pub(super) filter: FilterArgs,
    /// Only events in this state: pending, processing, completed, failed or dead
    #[arg(long)]
    status: Option<String>,
    /// Only events taken in before this moment, RFC 3339
    #[arg(long, value_name = "MOMENT")]
    before: Option<String>,
    /// Only events taken in at or after this moment, RFC 3339
    #[arg(long, value_name = "MOMENT")]
    after: Option<String>,
    /// Events on the page
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=500))]
    limit: u32,
    /// Begin where an earlier page ended
    #[arg(long)]
    cursor: Option<String>,
}

/// Which events.
#[derive(Clone, Debug, Args)]
pub(crate) struct FilterArgs {
    /// Only this type, or all below a domain: `task.*`
    #[arg(long = "type", value_name = "TYPE")]
    type_: Option<String>,
    /// Only this urgency: low, medium, high or critical
    #[arg(long)]
    priority: Option<String>,
    /// Only events of this source
    #[arg(long)]
    source: Option<String>,
}

pub(super) fn run(args: ListArgs, context: &Context) -> Result<Exit, Failure> {
    let ListArgs { filter, status, before, after, limit, cursor } = args;
    let texts = [("status", status), ("created_before", before), ("created_after", after), ("cursor", cursor)];
    let given = texts.into_iter().filter_map(|(name, value)| Some((name, value?)));
    let query: Vec<_> = filter.query().chain(given).chain([("limit", limit.to_string())]).collect();
    List { path: &["events"], name: "events", none: "no events", columns: &COLUMNS, row }.show(&query, context)
}

impl FilterArgs {
    pub(super) fn query(self) -> impl Iterator<Item = (&'static str, String)> {
        let Self { type_, priority, source } = self;
        let texts = [("event_type", type_), ("priority", priority), ("source", source)];
        texts.into_iter().filter_map(|(name, value)| Some((name, value?)))
    }
}

fn row(event: &Value, now: Timestamp) -> Vec<String> {
    vec![
        text(event, "id"),
        text(event, "status"),
        text(event, "priority"),
        text(event, "type"),
        one_line(&text(event, "source"), 40),
        moment(event, "created_at", now),
    ]
}
