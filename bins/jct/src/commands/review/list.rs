//! `jct review list`: what waits for a decision, oldest first.

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
    Column::Plain("RUN"),
    Column::Status("VERDICT"),
    Column::Plain("TITLE"),
    Column::Plain("WHY"),
    Column::Plain("SINCE"),
    Column::Plain("YOURS TO DECIDE"),
];

/// Arguments of `jct review list`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  jct review list
  jct review list --json | jq -r '.pending[] | select(.you_may_decide) | .run_id'

With --json the page is {\"pending\": [...], \"next_cursor\": ...}.")]
pub(crate) struct ListArgs {
    /// Runs on the page
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=500))]
    limit: u32,
    /// Begin where an earlier page ended
    #[arg(long)]
    cursor: Option<String>,
}

pub(super) fn run(args: ListArgs, context: &Context) -> Result<Exit, Failure> {
    let limit = [("limit", args.limit.to_string())];
    let query: Vec<_> = limit.into_iter().chain(args.cursor.map(|cursor| ("cursor", cursor))).collect();
    let list = List {
        path: &["reviews", "pending"],
        name: "pending",
        none: "nothing waits for a review",
        columns: &COLUMNS,
        row,
    };
    list.show(&query, context)
}

fn row(waits: &Value, now: Timestamp) -> Vec<String> {
    vec![
        text(waits, "run_id"),
        text(waits, "verdict"),
        one_line(&text(waits, "issue_title"), 40),
        one_line(&text(waits, "verdict_reason"), 60),
        moment(waits, "waiting_since", now),
        may_decide(waits),
    ]
}

/// Whether whoever asks may decide, and why not.
pub(super) fn may_decide(waits: &Value) -> String {
    if waits.get("you_may_decide").and_then(Value::as_bool).unwrap_or_default() {
        return "yes".to_owned();
    }
    let why = text(waits, "why_not");
    if why.is_empty() { "no".to_owned() } else { format!("no: {why}") }
}
