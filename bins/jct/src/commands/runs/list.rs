//! `jct runs list`: a page of runs.

use clap::Args;
use jct_contract::Timestamp;
use serde_json::Value;

use crate::commands::cells::{moment, text};
use crate::commands::chosen::id_at;
use crate::commands::page::List;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Column;

const COLUMNS: [Column; 6] = [
    Column::Plain("RUN"),
    Column::Status("STATUS"),
    Column::Plain("MODE"),
    Column::Plain("ISSUE"),
    Column::Plain("BY"),
    Column::Plain("CREATED"),
];

/// Arguments of `jct runs list`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  jct runs list --status under_review
  jct runs list --issue 01890a5d-ac96-774b-bcce-b302099a8057
  jct runs list --json | jq -r '.runs[].id'

With --json the page is {\"runs\": [...], \"next_cursor\": ...}.")]
pub(crate) struct ListArgs {
    /// Only runs in this state: planned, ready, running, blocked, under_review, done, failed or canceled
    #[arg(long)]
    status: Option<String>,
    /// Only runs of this mode: human, agent, hybrid or system
    #[arg(long)]
    mode: Option<String>,
    /// Only runs of this issue
    #[arg(long, value_name = "ID")]
    issue: Option<String>,
    /// Runs on the page
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=500))]
    limit: u32,
    /// Begin where an earlier page ended
    #[arg(long)]
    cursor: Option<String>,
}

pub(super) fn run(args: ListArgs, context: &Context) -> Result<Exit, Failure> {
    let list = List { path: &["cwom", "runs"], name: "runs", none: "no runs", columns: &COLUMNS, row };
    list.show(&args.query(), context)
}

fn row(run: &Value, now: Timestamp) -> Vec<String> {
    vec![
        text(run, "id"),
        text(run, "status"),
        text(run, "mode"),
        id_at(run, "for_issue"),
        run.pointer("/executor/actor").map(|actor| text(actor, "actor_id")).unwrap_or_default(),
        moment(run, "created_at", now),
    ]
}

impl ListArgs {
    fn query(self) -> Vec<(&'static str, String)> {
        let Self { status, mode, issue, limit, cursor } = self;
        let texts = [("status", status), ("mode", mode), ("issue_id", issue), ("cursor", cursor)];
        let given = texts.into_iter().filter_map(|(name, value)| Some((name, value?)));
        given.chain([("limit", limit.to_string())]).collect()
    }
}
