//! `jct runs show`: one run, and what belongs to it.

use clap::Args;
use jct_contract::{Clock as _, SystemClock};
use serde_json::Value;

use crate::commands::cells::{actor, moment, text};
use crate::commands::chosen::ChosenRun;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;

/// Arguments of `jct runs show`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  jct runs show 01890a5d-ac96-774b-bcce-b302099a8057
  jct runs show 01890a5d-ac96-774b-bcce-b302099a8057 --json | jq .run.status

`jct review show` tells what was found out about it.")]
pub(crate) struct ShowArgs {
    /// The run, or a task: its latest run
    run: String,
}

pub(super) fn run(args: &ShowArgs, context: &Context) -> Result<Exit, Failure> {
    let chosen = ChosenRun::find(&context.client()?, &args.run)?;
    let output = context.output();
    if output.is_json() {
        output.document(&chosen.view)?;
    } else {
        print(&chosen, output)?;
    }
    Ok(Exit::Success)
}

fn print(chosen: &ChosenRun, output: &Output) -> Result<(), Failure> {
    let view = &chosen.view;
    let part = |name: &str| chosen.part(name).unwrap_or(&Value::Null);
    let (run, issue, pack, review) = (part("run"), part("issue"), part("evidence_pack"), part("review"));
    let of = |object: &Value, name: &str| Some(text(object, name)).filter(|text| !text.is_empty());
    let both = |one: Option<String>, other: &str| one.map(|one| format!("{one}  {other}"));
    output.fields(&[
        ("run", Some(chosen.id())),
        ("status", of(run, "status")),
        ("task", of(view, "task_id")),
        ("attempt", of(view, "attempt")),
        ("issue", both(of(issue, "id"), &text(issue, "title"))),
        ("by", run.pointer("/executor/actor").map(actor)),
        ("created", Some(moment(run, "created_at", SystemClock.now())).filter(|text| !text.is_empty())),
        ("evidence pack", both(of(pack, "id"), &text(pack, "verdict"))),
        ("change", pack.pointer("/subject/diff_digest").and_then(Value::as_str).map(str::to_owned)),
        ("review", both(of(review, "id"), &text(review, "decision"))),
    ])
}
