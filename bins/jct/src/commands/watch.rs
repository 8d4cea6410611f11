//! `jct watch`: the events of a task as they happen, with a progress bar on a terminal.

use clap::Args;

use crate::client::wire::Task;
use crate::client::{Client, follow};
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Output, Progress};

/// Arguments of `jct watch`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  jct watch 01890a5d-ac96-774b-bcce-b302099a8057
  jct watch 01890a5d-ac96-774b-bcce-b302099a8057 --json | jq -r 'select(.kind == \"log\") | .body.line'

Reconnects by itself and misses nothing. Ends with 0 if the task completed, with 1 if it failed or was \
cancelled. With --json: one event a line, and the task as the last line.")]
pub(crate) struct WatchArgs {
    /// The task
    task_id: String,
}

pub(crate) fn run(args: &WatchArgs, context: &Context) -> Result<Exit, Failure> {
    let client = context.client()?;
    // An unknown task is told as such before anything is drawn.
    client.get(&["tasks", &args.task_id])?;
    let task = watch(&client, &args.task_id, context.output())?;
    Ok(exit(&task))
}

/// Shows a task until it ends, and how it ended.
pub(crate) fn watch(client: &Client, task_id: &str, output: &Output) -> Result<Task, Failure> {
    let mut progress = Progress::new(*output);
    let task = follow(client, task_id, |event| progress.event(event))?;
    progress.finish(&task)?;
    if output.is_json() {
        output.record(&client.get(&["tasks", task_id])?.json()?)?;
    }
    Ok(task)
}

/// The exit code that a task's end stands for.
pub(crate) fn exit(task: &Task) -> Exit {
    if task.status == "completed" { Exit::Success } else { Exit::Negative }
}
