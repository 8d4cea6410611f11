//! `jct show`: one task.

use clap::Args;
use jct_contract::{Clock as _, SystemClock};
use serde_json::Value;

use crate::client::wire::Task;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Output, age};

/// Arguments of `jct show`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  jct show 01890a5d-ac96-774b-bcce-b302099a8057
  jct show 01890a5d-ac96-774b-bcce-b302099a8057 --json | jq .result

Ends with 0 whatever the task's status is; `jct watch` ends with 1 if it failed.")]
pub(crate) struct ShowArgs {
    /// The task
    task_id: String,
}

pub(crate) fn run(args: &ShowArgs, context: &Context) -> Result<Exit, Failure> {
    let answer = context.client()?.get(&["tasks", &args.task_id])?;
    print(&answer.json()?, context.output())?;
    Ok(Exit::Success)
}

/// Prints a task as the tower sent it.
pub(crate) fn print(task: &Value, output: &Output) -> Result<(), Failure> {
    if output.is_json() {
        return output.document(task);
    }
    let task = Task::read(task)?;
    let now = SystemClock.now();
    let moment = |at: &Option<String>| {
        let at = at.as_ref()?;
        Some(at.parse().map_or_else(|_| at.clone(), |moment| format!("{at}  ({})", age(moment, now))))
    };
    output.fields(&[
        ("task", Some(task.task_id.clone())),
        ("status", Some(task.status.clone())),
        ("reason", task.reason.clone()),
        ("operation", Some(task.operation.clone())),
        ("objective", Some(task.objective.clone())),
        ("target", Some(task.place())),
        ("requested by", Some(format!("{} {}", task.requested_by.kind, task.requested_by.id))),
        ("created", moment(&Some(task.created_at.clone()))),
        ("queued", moment(&task.queued_at)),
        ("started", moment(&task.started_at)),
        ("ended", moment(&task.completed_at)),
        ("assigned to", task.assigned_to.clone()),
        ("issue", task.cwom_issue_id.clone()),
        ("trace id", task.trace_id.clone()),
        ("trace", task.trace_path.clone()),
        ("error", task.error.clone()),
    ])?;
    match &task.result {
        Some(result) if result.as_object().is_none_or(|object| !object.is_empty()) => {
            output.line("result")?;
            let text = serde_json::to_string_pretty(result).unwrap_or_default();
            text.lines().try_for_each(|line| output.line(format!("  {line}")))
        }
        _ => Ok(()),
    }
}
