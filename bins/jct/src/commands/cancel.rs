//! `jct cancel`: end a task that has not ended.

use clap::Args;
use serde_json::json;

use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;

/// Arguments of `jct cancel`.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  jct cancel 01890a5d-ac96-774b-bcce-b302099a8057

A waiting task ends at once. The worker of a running one is told within a heartbeat; `jct watch` shows \
when it has stopped. Ends with 7 if the task has ended already.")]
pub(crate) struct CancelArgs {
    /// The task
    task_id: String,
}

pub(crate) fn run(args: &CancelArgs, context: &Context) -> Result<Exit, Failure> {
    let answer = context.client()?.post(&["tasks", &args.task_id, "cancel"], &json!({}))?;
    super::changed::print(&answer, "cancelled", context.output())?;
    Ok(Exit::Success)
}
