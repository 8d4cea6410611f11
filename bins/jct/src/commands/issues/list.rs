//! `jct issues list`: a page of issues.

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
    Column::Plain("ISSUE"),
    Column::Status("STATUS"),
    Column::Plain("PRIORITY"),
    Column::Plain("TYPE"),
    Column::Plain("TITLE"),
    Column::Plain("CREATED"),
];

/// Arguments of `jct issues list`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  jct issues list --status running
  jct issues list --priority P0 --limit 20
  jct issues list --json | jq -r '.issues[].id'

With --json the page is {\"issues\": [...], \"next_cursor\": ...}.")]
pub(crate) struct ListArgs {
    /// Only issues in this state: planned, ready, running, blocked, under_review, done, failed or canceled
    #[arg(long)]
    status: Option<String>,
    /// Only this sort of work: feature, bug, chore, research, ops, doc or incident
    #[arg(long = "type", value_name = "TYPE")]
    type_: Option<String>,
    /// Only this urgency: P0 to P4
    #[arg(long)]
    priority: Option<String>,
    /// Only issues of this repository, by its id
    #[arg(long, value_name = "ID")]
    repo_id: Option<String>,
    /// Issues on the page
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=500))]
    limit: u32,
    /// Begin where an earlier page ended
    #[arg(long)]
    cursor: Option<String>,
}

pub(super) fn run(args: ListArgs, context: &Context) -> Result<Exit, Failure> {
    let list = List { path: &["cwom", "issues"], name: "issues", none: "no issues", columns: &COLUMNS, row };
    list.show(&args.query(), context)
}

fn row(issue: &Value, now: Timestamp) -> Vec<String> {
    vec![
        text(issue, "id"),
        text(issue, "status"),
        text(issue, "priority"),
        text(issue, "type"),
        one_line(&text(issue, "title"), 60),
        moment(issue, "created_at", now),
    ]
}

impl ListArgs {
    fn query(self) -> Vec<(&'static str, String)> {
        let Self { status, type_, priority, repo_id, limit, cursor } = self;
        let texts =
            [("status", status), ("type", type_), ("priority", priority), ("repo_id", repo_id), ("cursor", cursor)];
        let given = texts.into_iter().filter_map(|(name, value)| Some((name, value?)));
        given.chain([("limit", limit.to_string())]).collect()
    }
}
