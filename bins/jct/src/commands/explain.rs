//! `jct explain`: why a task is where it is, from data.

use clap::Args;
use serde_json::Value;

use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;

/// Arguments of `jct explain`.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  jct explain 01890a5d-ac96-774b-bcce-b302099a8057

Says whether the task waits for its time, backs off after a failure, needs an executor that no worker \
offers, stands behind a paused queue or behind other tasks, or where it runs and since when.")]
pub(crate) struct ExplainArgs {
    /// The task
    task_id: String,
}

pub(crate) fn run(args: &ExplainArgs, context: &Context) -> Result<Exit, Failure> {
    let explanation = context.client()?.get(&["tasks", &args.task_id, "explain"])?.json()?;
    print(&explanation, context.output())?;
    Ok(Exit::Success)
}

fn print(explanation: &Value, output: &Output) -> Result<(), Failure> {
    if output.is_json() {
        return output.document(explanation);
    }
    if let Some(message) = explanation.get("summary").and_then(Value::as_str) {
        output.line(message)?;
    }
    let fields: Vec<(&str, Option<String>)> = explanation
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(name, _)| *name != "summary")
        .map(|(name, value)| (name.as_str(), shown(value)))
        .collect();
    output.fields(&fields)
}

fn shown(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}
