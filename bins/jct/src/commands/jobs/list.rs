//! `jct jobs list`: a page of jobs.

use clap::Args;
use jct_contract::Timestamp;
use serde_json::Value;

use crate::commands::cells::{moment, text};
use crate::commands::page::List;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Column, one_line};

pub(in crate::commands) const COLUMNS: [Column; 8] = [
    Column::Plain("JOB"),
    Column::Status("STATUS"),
    Column::Plain("TYPE"),
    Column::Plain("PRIORITY"),
    Column::Plain("ATTEMPT"),
    Column::Plain("NEEDS"),
    Column::Plain("CLAIMED BY"),
    Column::Plain("CREATED"),
];

/// Arguments of `jct jobs list`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  jct jobs list --type manifest --status running
  jct jobs list --json | jq -r '.jobs[].id'

With --json the page is {\"jobs\": [...], \"next_cursor\": ...}.")]
pub(crate) struct ListArgs {
    /// Only jobs in this state: queued, running, succeeded, failed, cancelled or dead_letter
    #[arg(long)]
    status: Option<String>,
    /// Only jobs of this type: task, manifest, codex_exec or codex_skill
    #[arg(long = "type", value_name = "TYPE")]
    type_: Option<String>,
    /// Jobs on the page
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=500))]
    limit: u32,
    /// Begin where an earlier page ended
    #[arg(long)]
    cursor: Option<String>,
}

pub(super) fn run(args: ListArgs, context: &Context) -> Result<Exit, Failure> {
    let list = List { path: &["api", "queue", "jobs"], name: "jobs", none: "no jobs", columns: &COLUMNS, row };
    list.show(&args.query(), context)
}

/// A job as a row of [`COLUMNS`].
pub(in crate::commands) fn row(job: &Value, now: Timestamp) -> Vec<String> {
    vec![
        text(job, "id"),
        text(job, "status"),
        text(job, "type"),
        text(job, "priority"),
        attempts(job),
        one_line(&text(job, "requiredCapabilities"), 40),
        text(job, "claimedBy"),
        moment(job, "createdAt", now),
    ]
}

/// Attempts made, and how many there are in all, which only an unfinished job tells.
pub(super) fn attempts(job: &Value) -> String {
    match (text(job, "attempt"), text(job, "maxAttempts")) {
        (made, most) if most.is_empty() => made,
        (made, most) => format!("{made} of {most}"),
    }
}

impl ListArgs {
    fn query(self) -> Vec<(&'static str, String)> {
        let Self { status, type_, limit, cursor } = self;
        let texts = [("status", status), ("type", type_), ("cursor", cursor)];
        let given = texts.into_iter().filter_map(|(name, value)| Some((name, value?)));
        given.chain([("limit", limit.to_string())]).collect()
    }
}
