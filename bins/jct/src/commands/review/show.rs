//! `jct review show`: what was found out about a run, and who may decide.

use clap::Args;
use jct_contract::{Clock as _, SystemClock};
use serde_json::{Value, json};

use super::case::{Case, Change};
use super::{list::may_decide, pack};
use crate::commands::cells::{actor, moment, text};
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;

/// Arguments of `jct review show`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  jct review show 01890a5d-ac96-774b-bcce-b302099a8057
  jct review show 01890a5d-ac96-774b-bcce-b302099a8057 --json | jq '.evidence_pack.criteria_results'

The command to approve that it prints names the digest of what it has shown, so that nothing else can be \
approved with it. `jct runs diff` prints the change itself.

With --json: what `jct runs show` prints, with `pending`, the entry of `jct review list` or null, and \
`change`: {\"files\", \"added\", \"deleted\"}, {\"preserved\": false}, or null.")]
pub(crate) struct ShowArgs {
    /// The run, a task (its latest run), or an evidence pack
    run: String,
}

pub(super) fn run(args: &ShowArgs, context: &Context) -> Result<Exit, Failure> {
    let client = context.client()?;
    let case = Case::read(&client, &args.run)?;
    let change = case.change(&client)?;
    let output = context.output();
    if output.is_json() {
        let mut document = case.run.view.clone();
        document["pending"] = json!(case.pending(&client)?);
        document["change"] = change.document();
        output.document(&document)?;
        return Ok(Exit::Success);
    }
    print(&case, &change, output)?;
    if let Some(review) = case.review() {
        return decided(review, output).map(|()| Exit::Success);
    }
    match case.pending(&client)? {
        Some(pending) => waits(&case, &pending, output)?,
        None => output.note("the run does not wait for a review"),
    }
    Ok(Exit::Success)
}

/// Prints what there is to judge.
pub(super) fn print(case: &Case, change: &Change, output: &Output) -> Result<(), Failure> {
    let view = &case.run.view;
    output.fields(&[
        ("run", Some(case.run.id())),
        ("status", view.pointer("/run/status").and_then(Value::as_str).map(str::to_owned)),
        ("task", Some(text(view, "task_id")).filter(|text| !text.is_empty())),
        ("issue", case.run.part("issue").map(|issue| format!("{}  {}", text(issue, "id"), text(issue, "title")))),
    ])?;
    pack::print(&case.pack, output)?;
    change.print(output)
}

fn decided(review: &Value, output: &Output) -> Result<(), Failure> {
    let alone = review.get("self_review").and_then(Value::as_bool).unwrap_or_default();
    output.fields(&[
        ("review", Some(text(review, "id"))),
        ("decision", Some(text(review, "decision"))),
        ("by", review.get("reviewer").map(actor)),
        ("reason", Some(text(review, "decision_reason"))),
        ("note", alone.then(|| "whoever handed the task in decided about it".to_owned())),
    ])
}

fn waits(case: &Case, pending: &Value, output: &Output) -> Result<(), Failure> {
    output.fields(&[
        ("handed in by", pending.get("enqueued_by").map(|by| text(by, "name"))),
        ("waits since", Some(moment(pending, "waiting_since", SystemClock.now()))),
        ("yours to decide", Some(may_decide(pending))),
    ])?;
    let (run, seen) = (case.run.id(), case.digest());
    output.line(format!("approve  jct review approve {run} --seen {seen} --reason 'WHY'"))
}
