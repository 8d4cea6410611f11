//! `jct queue`: the queue at a glance, and its brake.

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::cells::text;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Column, Output};

/// What to do with the queue.
#[derive(Debug, Subcommand)]
pub(crate) enum QueueCommand {
    /// Show depths, the longest wait, and whether it is paused
    #[command(after_help = "Example:\n  jct queue status --json | jq .queue")]
    Status,
    /// Let nothing more be claimed; what runs goes on
    #[command(after_help = "Example:\n  jct queue pause --reason 'database maintenance'")]
    Pause(PauseArgs),
    /// Lift the pause
    Resume,
}

/// Arguments of `jct queue pause`.
#[derive(Debug, Args)]
pub(crate) struct PauseArgs {
    /// Why; shown by `jct explain`
    #[arg(long)]
    reason: String,
}

pub(crate) fn run(command: QueueCommand, context: &Context) -> Result<Exit, Failure> {
    let client = context.client()?;
    let output = context.output();
    match command {
        QueueCommand::Status => status(&client.get(&["status"])?.json()?, output)?,
        QueueCommand::Pause(PauseArgs { reason }) => {
            let answer = client.post(&["queue", "pause"], &json!({ "reason": reason }))?.json()?;
            changed(&answer, "the queue is paused", output)?;
        }
        QueueCommand::Resume => {
            let answer = client.post(&["queue", "resume"], &json!({}))?.json()?;
            changed(&answer, "the queue is not paused", output)?;
        }
    }
    Ok(Exit::Success)
}

fn changed(answer: &Value, said: &str, output: &Output) -> Result<(), Failure> {
    if output.is_json() { output.document(answer) } else { output.line(said) }
}

fn status(status: &Value, output: &Output) -> Result<(), Failure> {
    if output.is_json() {
        return output.document(status);
    }
    let queue = status.get("queue").unwrap_or(&Value::Null);
    let depth = queue.get("depth").and_then(Value::as_object);
    let rows: Vec<_> = depth.into_iter().flatten().map(|(name, count)| vec![name.clone(), count.to_string()]).collect();
    output.table(&[Column::Status("STATUS"), Column::Plain("TASKS")], &rows)?;
    let paused = queue.get("paused").filter(|paused| paused.is_object());
    output.fields(&[
        ("oldest wait", queue.get("oldest_wait_seconds").and_then(Value::as_f64).map(|wait| format!("{wait:.1} s"))),
        (
            "paused",
            Some(paused.map_or_else(
                || "no".to_owned(),
                |pause| format!("by {} since {}: {}", text(pause, "by"), text(pause, "since"), text(pause, "reason")),
            )),
        ),
        ("database", status.pointer("/database/engine").and_then(Value::as_str).map(str::to_owned)),
    ])
}
