//! `jct workflows status`: one run and where each of its steps is.

use clap::Args;
use serde_json::Value;

use super::step;
use crate::commands::cells::{items, text};
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Column, Output, one_line};

const STEPS: [Column; 5] = [
    Column::Plain("STEP"),
    Column::Status("STATUS"),
    Column::Plain("ATTEMPTS"),
    Column::Plain("TASK"),
    Column::Plain("DETAIL"),
];
/// Names of fields for people, and of members of the answer.
const FIELDS: [(&str, &str); 13] = [
    ("run", "id"),
    ("workflow", "workflow"),
    ("version", "version"),
    ("status", "status"),
    ("error", "error"),
    ("event", "event_id"),
    ("started by", "started_by"),
    ("created", "created_at"),
    ("time until", "deadline_at"),
    ("cancel asked for", "cancel_requested_at"),
    ("by", "cancel_requested_by"),
    ("finished", "finished_at"),
    ("trace id", "trace_id"),
];

/// Arguments of `jct workflows status`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  jct workflows status security_scan 01890a5d-ac96-774b-bcce-b302099a8057
  jct workflows status security_scan 01890a5d-ac96-774b-bcce-b302099a8057 --json | jq '.steps[].attempts'

Ends with 0 whatever the run's status is; `jct workflows watch` ends with 1 if it did not succeed. The task is that \
of the latest attempt: `jct explain TASK` says what it waits for.")]
pub(crate) struct StatusArgs {
    /// The workflow, by its name or its id
    workflow: String,
    /// The run, by its id
    run: String,
}

pub(super) fn run(args: &StatusArgs, context: &Context) -> Result<Exit, Failure> {
    let run = context.client()?.get(&["workflows", &args.workflow, "runs", &args.run])?.json()?;
    let output = context.output();
    if output.is_json() {
        output.document(&run)?;
    } else {
        print(&run, output)?;
    }
    Ok(Exit::Success)
}

fn print(run: &Value, output: &Output) -> Result<(), Failure> {
    let given = |member: &str| Some(text(run, member)).filter(|text| !text.is_empty());
    let mut fields: Vec<_> = FIELDS.iter().map(|(name, member)| (*name, given(member))).collect();
    let fork = run.get("forked_from").filter(|fork| !fork.is_null());
    let fork = fork.map(|fork| format!("{} from {} on", text(fork, "run_id"), text(fork, "step")));
    fields.extend([("again", fork), ("result", given("result"))]);
    output.fields(&fields)?;
    let rows: Vec<_> = run.get("steps").into_iter().flat_map(items).map(row).collect();
    output.line("")?;
    output.table(&STEPS, &rows)
}

fn row(step: &Value) -> Vec<String> {
    vec![
        text(step, "id"),
        text(step, "status"),
        step::attempts(step).to_string(),
        step::task(step),
        one_line(&step::detail(step), 60),
    ]
}
