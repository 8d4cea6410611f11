//! `jct manifests list`: a page of the registry.

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
    Column::Plain("MANIFEST"),
    Column::Plain("VERSION"),
    Column::Plain("HASH"),
    Column::Plain("UPDATED"),
    Column::Status("LAST RUN"),
    Column::Plain("LAST JOB"),
];

/// Arguments of `jct manifests list`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  jct manifests list
  jct manifests list --search docs --json | jq -r '.manifests[].name'

With --json the page is {\"manifests\": [...], \"next_cursor\": ...}.")]
pub(crate) struct ListArgs {
    /// Only manifests whose names begin with this
    #[arg(long, value_name = "PREFIX")]
    search: Option<String>,
    /// Manifests on the page
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=200))]
    limit: u32,
    /// Begin where an earlier page ended
    #[arg(long)]
    cursor: Option<String>,
}

pub(super) fn run(args: ListArgs, context: &Context) -> Result<Exit, Failure> {
    let ListArgs { search, limit, cursor } = args;
    let list = List { path: &["api", "manifests"], name: "manifests", none: "no manifests", columns: &COLUMNS, row };
    let given = [("search", search), ("cursor", cursor)].into_iter().filter_map(|(name, value)| Some((name, value?)));
    list.show(&given.chain([("limit", limit.to_string())]).collect::<Vec<_>>(), context)
}

fn row(manifest: &Value, now: Timestamp) -> Vec<String> {
    vec![
        text(manifest, "name"),
        text(manifest, "version"),
        one_line(&text(manifest, "contentHash"), 19),
        moment(manifest, "updatedAt", now),
        text(manifest, "lastRunStatus"),
        text(manifest, "lastRunJobId"),
    ]
}
