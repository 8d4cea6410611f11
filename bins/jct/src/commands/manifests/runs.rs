//! `jct manifests runs`: the jobs that ran a manifest.

use clap::Args;

use crate::commands::jobs::{COLUMNS, row};
use crate::commands::page::List;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;

/// Arguments of `jct manifests runs`.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  jct manifests runs docs --limit 5

With --json the page is {\"runs\": [...], \"next_cursor\": ...}.")]
pub(crate) struct RunsArgs {
    /// The manifest
    name: String,
    /// Runs on the page
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=500))]
    limit: u32,
    /// Begin where an earlier page ended
    #[arg(long)]
    cursor: Option<String>,
}

pub(super) fn run(args: RunsArgs, context: &Context) -> Result<Exit, Failure> {
    let RunsArgs { name, limit, cursor } = args;
    let path = ["api", "manifests", &name, "runs"];
    let list = List { path: &path, name: "runs", none: "no runs", columns: &COLUMNS, row };
    let limit = ("limit", limit.to_string());
    list.show(&cursor.map(|cursor| ("cursor", cursor)).into_iter().chain([limit]).collect::<Vec<_>>(), context)
}
