//! `jct manifests versions`: every content that a manifest ever had.

use clap::Args;
use jct_contract::Timestamp;
use serde_json::Value;

use crate::commands::cells::{moment, text};
use crate::commands::page::List;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Column, bytes};

const COLUMNS: [Column; 5] = [
    Column::Plain("VERSION"),
    Column::Plain("HASH"),
    Column::Plain("SIZE"),
    Column::Plain("CREATED"),
    Column::Plain("BY"),
];

/// Arguments of `jct manifests versions`.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  jct manifests versions docs

With --json the page is {\"versions\": [...], \"next_cursor\": ...}.")]
pub(crate) struct VersionsArgs {
    /// The manifest
    name: String,
    /// Versions on the page
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=500))]
    limit: u32,
    /// Begin where an earlier page ended
    #[arg(long)]
    cursor: Option<String>,
}

pub(super) fn run(args: VersionsArgs, context: &Context) -> Result<Exit, Failure> {
    let VersionsArgs { name, limit, cursor } = args;
    let path = ["api", "manifests", &name, "versions"];
    let list = List { path: &path, name: "versions", none: "no versions", columns: &COLUMNS, row };
    let limit = ("limit", limit.to_string());
    list.show(&cursor.map(|cursor| ("cursor", cursor)).into_iter().chain([limit]).collect::<Vec<_>>(), context)
}

fn row(version: &Value, now: Timestamp) -> Vec<String> {
    vec![
        text(version, "version"),
        text(version, "contentHash"),
        version.get("sizeBytes").and_then(Value::as_u64).map(bytes).unwrap_or_default(),
        moment(version, "createdAt", now),
        text(version, "createdBy"),
    ]
}
