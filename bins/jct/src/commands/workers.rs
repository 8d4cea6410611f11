//! `jct workers`: the worker processes that are alive.

use clap::Args;
use jct_contract::{Clock as _, SystemClock};
use serde_json::Value;

use super::cells::{items, moment, text};
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Column;

const COLUMNS: [Column; 8] = [
    Column::Plain("WORKER"),
    Column::Plain("RUNNING"),
    Column::Plain("EXECUTORS"),
    Column::Plain("CAPABILITIES"),
    Column::Plain("ISOLATION"),
    Column::Plain("STARTED"),
    Column::Plain("LAST SEEN"),
    Column::Plain("VERSION"),
];

/// Arguments of `jct workers`.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  jct workers --json | jq -r '.[].name'")]
pub(crate) struct WorkersArgs {}

pub(crate) fn run(_: &WorkersArgs, context: &Context) -> Result<Exit, Failure> {
    let workers = context.client()?.get(&["workers"])?.json()?;
    let output = context.output();
    if output.is_json() {
        output.document(&workers)?;
        return Ok(Exit::Success);
    }
    let rows: Vec<_> = items(&workers).map(row).collect();
    if rows.is_empty() {
        output.note("no worker is alive; start one with `jct up` or `jct-worker`");
    } else {
        output.table(&COLUMNS, &rows)?;
    }
    Ok(Exit::Success)
}

fn row(worker: &Value) -> Vec<String> {
    let now = SystemClock.now();
    let running = format!("{} of {}", text(worker, "running"), text(worker, "slots"));
    let (started, seen) = (moment(worker, "started_at", now), moment(worker, "last_seen_at", now));
    vec![
        text(worker, "name"),
        running,
        text(worker, "executors"),
        text(worker, "capabilities"),
        text(worker, "isolation"),
        started,
        seen,
        text(worker, "version"),
    ]
}
