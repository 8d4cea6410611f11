//! `jct workflows list`, `jct workflows versions` and `jct workflows runs`: a page of each.

use clap::Args;
use jct_contract::Timestamp;
use serde_json::Value;

use super::paging::PageArgs;
use crate::commands::cells::{moment, text};
use crate::commands::page::List;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Column, one_line};

const WORKFLOWS: [Column; 7] = [
    Column::Plain("WORKFLOW"),
    Column::Plain("VERSION"),
    Column::Plain("ACTIVE"),
    Column::Status("LAST RUN"),
    Column::Plain("RUNS"),
    Column::Plain("LATEST"),
    Column::Plain("EVENTS"),
];
const VERSIONS: [Column; 4] =
    [Column::Plain("VERSION"), Column::Plain("DIGEST"), Column::Plain("CREATED"), Column::Plain("BY")];
const RUNS: [Column; 7] = [
    Column::Plain("RUN"),
    Column::Status("STATUS"),
    Column::Plain("VERSION"),
    Column::Plain("STARTED BY"),
    Column::Plain("EVENT"),
    Column::Plain("CREATED"),
    Column::Plain("ERROR"),
];

/// Arguments of `jct workflows list`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  jct workflows list
  jct workflows list --all --json | jq -r '.workflows[] | select(.status == \"failed\") | .name'

Only those that events may start, unless --all is given. With --json the page is {\"workflows\": [...], \
\"next_cursor\": ...}.")]
pub(crate) struct ListArgs {
    /// Those that are not active too
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    page: PageArgs,
}

/// Arguments of `jct workflows versions`.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  jct workflows versions incident_response

With --json the page is {\"versions\": [...], \"next_cursor\": ...}. `jct workflows show WORKFLOW --version \
NUMBER` shows what one defines.")]
pub(crate) struct VersionsArgs {
    /// The workflow, by its name or its id
    workflow: String,
    #[command(flatten)]
    page: PageArgs,
}

/// Arguments of `jct workflows runs`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  jct workflows runs incident_response --limit 5
  jct workflows runs incident_response --json | jq -r '.runs[0].id'

With --json the page is {\"runs\": [...], \"next_cursor\": ...}.")]
pub(crate) struct RunsArgs {
    /// The workflow, by its name or its id
    workflow: String,
    #[command(flatten)]
    page: PageArgs,
}

pub(super) fn run(args: ListArgs, context: &Context) -> Result<Exit, Failure> {
    let ListArgs { all, page } = args;
    let none = if all { "no workflows" } else { "no active workflows; --all lists the others too" };
    let list = List { path: &["workflows"], name: "workflows", none, columns: &WORKFLOWS, row: workflow_row };
    let mut query = page.query();
    query.push(("active_only", (!all).to_string()));
    list.show(&query, context)
}

pub(super) fn versions(args: VersionsArgs, context: &Context) -> Result<Exit, Failure> {
    let path = ["workflows", &args.workflow, "versions"];
    let list = List { path: &path, name: "versions", none: "no versions", columns: &VERSIONS, row: version_row };
    list.show(&args.page.query(), context)
}

pub(super) fn runs(args: RunsArgs, context: &Context) -> Result<Exit, Failure> {
    let path = ["workflows", &args.workflow, "runs"];
    let list = List { path: &path, name: "runs", none: "no runs", columns: &RUNS, row: run_row };
    list.show(&args.page.query(), context)
}

fn workflow_row(workflow: &Value, now: Timestamp) -> Vec<String> {
    vec![
        text(workflow, "name"),
        text(workflow, "version"),
        text(workflow, "is_active"),
        text(workflow, "status"),
        text(workflow, "execution_count"),
        moment(workflow, "last_executed_at", now),
        one_line(&text(workflow, "trigger_events"), 40),
    ]
}

fn version_row(version: &Value, now: Timestamp) -> Vec<String> {
    vec![
        text(version, "version"),
        text(version, "digest"),
        moment(version, "created_at", now),
        text(version, "created_by"),
    ]
}

fn run_row(run: &Value, now: Timestamp) -> Vec<String> {
    vec![
        text(run, "id"),
        text(run, "status"),
        text(run, "version"),
        text(run, "started_by"),
        text(run, "event_id"),
        moment(run, "created_at", now),
        one_line(&text(run, "error"), 60),
    ]
}
