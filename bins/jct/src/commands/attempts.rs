//! `jct attempts`: who tried a task, when, and how it ended.

use clap::Args;
use serde_json::Value;

use super::cells::{items, text};
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Column;

const COLUMNS: [Column; 7] = [
    Column::Plain("ATTEMPT"),
    Column::Plain("WORKER"),
    Column::Plain("STARTED"),
    Column::Plain("ENDED"),
    Column::Plain("REASON"),
    Column::Plain("FENCE"),
    Column::Plain("TRACE"),
];

/// Arguments of `jct attempts`.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  jct attempts 01890a5d-ac96-774b-bcce-b302099a8057")]
pub(crate) struct AttemptsArgs {
    /// The task
    task_id: String,
}

pub(crate) fn run(args: &AttemptsArgs, context: &Context) -> Result<Exit, Failure> {
    let attempts = context.client()?.get(&["tasks", &args.task_id, "attempts"])?.json()?;
    let output = context.output();
    if output.is_json() {
        output.document(&attempts)?;
        return Ok(Exit::Success);
    }
    let rows: Vec<_> = items(&attempts).map(row).collect();
    if rows.is_empty() {
        output.note("no attempts yet");
    } else {
        output.table(&COLUMNS, &rows)?;
    }
    Ok(Exit::Success)
}

fn row(attempt: &Value) -> Vec<String> {
    let holder = attempt.get("holder").map(|holder| text(holder, "name")).unwrap_or_default();
    let rest = ["started_at", "ended_at", "reason", "fence", "trace_path"].map(|name| text(attempt, name));
    [text(attempt, "attempt"), holder].into_iter().chain(rest).collect()
}
