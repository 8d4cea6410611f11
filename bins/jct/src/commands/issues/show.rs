//! `jct issues show`: one issue.

use clap::Args;
use serde_json::Value;

use crate::commands::cells::{items, text};
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;

/// Arguments of `jct issues show`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  jct issues show 01890a5d-ac96-774b-bcce-b302099a8057
  jct issues show 01890a5d-ac96-774b-bcce-b302099a8057 --json | jq .acceptance

`jct show <task>` names the issue of a task.")]
pub(crate) struct ShowArgs {
    /// The issue
    issue_id: String,
}

pub(super) fn run(args: &ShowArgs, context: &Context) -> Result<Exit, Failure> {
    let issue = context.client()?.get(&["cwom", "issues", &args.issue_id])?.json()?;
    let output = context.output();
    if output.is_json() {
        output.document(&issue)?
    } else {
        print(&issue, output)?
    }
    Ok(Exit::Success)
}

fn print(issue: &Value, output: &Output) -> Result<(), Failure> {
    let given = |name: &str| Some(text(issue, name)).filter(|text| !text.is_empty());
    let named = |name: &str| Some(ids(issue.get(name)?)).filter(|ids| !ids.is_empty());
    output.fields(&[
        ("issue", given("id")),
        ("status", given("status")),
        ("title", given("title")),
        ("type", given("type")),
        ("priority", given("priority")),
        ("repository", issue.get("repo").map(|repo| text(repo, "id"))),
        ("created", given("created_at")),
        ("updated", given("updated_at")),
        ("trace id", given("trace_id")),
        ("context packets", named("context_packets")),
        ("constraints", named("constraints")),
        ("doctrine", named("doctrine_refs")),
        ("runs", named("runs")),
        ("tags", given("tags")),
    ])?;
    let criteria = issue.pointer("/acceptance/criteria").unwrap_or(&Value::Null);
    for criterion in items(criteria).filter_map(Value::as_str) {
        output.line(format!("  accepted when  {criterion}"))?;
    }
    text(issue, "description").lines().try_for_each(|line| output.line(format!("  {line}")))
}

fn ids(links: &Value) -> String {
    items(links).map(|link| text(link, "id")).collect::<Vec<_>>().join(", ")
}
