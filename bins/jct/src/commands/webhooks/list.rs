//! `jct webhooks list` and `jct webhooks deliveries`.

use clap::Args;
use jct_contract::Timestamp;
use serde_json::Value;

use crate::commands::cells::{moment, text};
use crate::commands::page::List;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Column, one_line};

const WEBHOOKS: [Column; 5] = [
    Column::Plain("WEBHOOK"),
    Column::Plain("NAME"),
    Column::Plain("ACTIVE"),
    Column::Plain("TYPES"),
    Column::Plain("URL"),
];
const DELIVERIES: [Column; 6] = [
    Column::Plain("DELIVERY"),
    Column::Status("STATUS"),
    Column::Plain("TYPE"),
    Column::Plain("TRIES"),
    Column::Plain("LAST TRY"),
    Column::Plain("ANSWER"),
];

/// Arguments of `jct webhooks list`.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  jct webhooks list --json | jq -r '.webhooks[] | select(.active) | .name'

With --json the page is {\"webhooks\": [...], \"next_cursor\": ...}.")]
pub(crate) struct ListArgs {
    #[command(flatten)]
    page: PageArgs,
}

/// Arguments of `jct webhooks deliveries`.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  jct webhooks deliveries 01890a5d-ac96-774b-bcce-b302099a8057

With --json the page is {\"deliveries\": [...], \"next_cursor\": ...}.")]
pub(crate) struct DeliveriesArgs {
    /// The webhook, by its id
    webhook: String,
    #[command(flatten)]
    page: PageArgs,
}

/// Which page.
#[derive(Debug, Args)]
struct PageArgs {
    /// Entries on the page
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=500))]
    limit: u32,
    /// Begin where an earlier page ended
    #[arg(long)]
    cursor: Option<String>,
}

impl PageArgs {
    fn query(self) -> Vec<(&'static str, String)> {
        let cursor = self.cursor.map(|cursor| ("cursor", cursor));
        cursor.into_iter().chain([("limit", self.limit.to_string())]).collect()
    }
}

pub(super) fn run(args: ListArgs, context: &Context) -> Result<Exit, Failure> {
    let list = List { path: &["webhooks"], name: "webhooks", none: "no webhooks", columns: &WEBHOOKS, row };
    list.show(&args.page.query(), context)
}

pub(super) fn deliveries(args: DeliveriesArgs, context: &Context) -> Result<Exit, Failure> {
    let path = ["webhooks", &args.webhook, "deliveries"];
    let list =
        List { path: &path, name: "deliveries", none: "nothing was sent", columns: &DELIVERIES, row: delivery_row };
    list.show(&args.page.query(), context)
}

fn row(webhook: &Value, _: Timestamp) -> Vec<String> {
    vec![
        text(webhook, "id"),
        text(webhook, "name"),
        text(webhook, "active"),
        one_line(&text(webhook, "event_types"), 40),
        one_line(&text(webhook, "url"), 60),
    ]
}

fn delivery_row(delivery: &Value, now: Timestamp) -> Vec<String> {
    let answer = [text(delivery, "last_status"), text(delivery, "last_error")];
    let answer = answer.into_iter().find(|text| !text.is_empty()).unwrap_or_default();
    vec![
        text(delivery, "id"),
        text(delivery, "status"),
        text(delivery, "event_type"),
        text(delivery, "attempts"),
        moment(delivery, "last_attempt_at", now),
        one_line(&answer, 40),
    ]
}
