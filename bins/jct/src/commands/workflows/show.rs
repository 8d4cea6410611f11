//! `jct workflows show`: one workflow as it stands, or what one of its versions defines.

use clap::Args;
use serde_json::Value;

use crate::commands::cells::{items, text};
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Column, Output, one_line};

const STEPS: [Column; 5] = [
    Column::Plain("STEP"),
    Column::Plain("AFTER"),
    Column::Plain("OPERATION"),
    Column::Plain("WHEN"),
    Column::Plain("OBJECTIVE"),
];
/// Names of fields for people, and of members of the answer.
const FIELDS: [(&str, &str); 15] = [
    ("workflow", "name"),
    ("id", "id"),
    ("for", "description"),
    ("version", "version"),
    ("digest", "digest"),
    ("revision", "revision"),
    ("active", "is_active"),
    ("events", "trigger_events"),
    ("condition", "trigger_condition"),
    ("steps at once", "max_parallel"),
    ("created", "created_at"),
    ("owner", "owner"),
    ("updated", "updated_at"),
    ("updated by", "updated_by"),
    ("runs", "execution_count"),
];

/// Arguments of `jct workflows show`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  jct workflows show incident_response
  jct workflows show incident_response --version 1 --json | jq .definition
  jct workflows show incident_response --json | jq .revision     for `jct workflows define --if-match`")]
pub(crate) struct ShowArgs {
    /// The workflow, by its name or its id
    workflow: String,
    /// What this version defines, instead of the workflow as it stands
    #[arg(long = "version", value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..))]
    number: Option<u32>,
}

pub(super) fn run(args: &ShowArgs, context: &Context) -> Result<Exit, Failure> {
    let (client, output) = (context.client()?, context.output());
    let shown = match args.number {
        Some(number) => client.get(&["workflows", &args.workflow, "versions", &number.to_string()])?.json()?,
        None => client.get(&["workflows", &args.workflow])?.json()?,
    };
    if output.is_json() {
        output.document(&shown)?;
    } else if args.number.is_some() {
        print_version(&shown, output)?;
    } else {
        print(&shown, output)?;
    }
    Ok(Exit::Success)
}

fn print(workflow: &Value, output: &Output) -> Result<(), Failure> {
    let given = |object: &Value, member: &str| Some(text(object, member)).filter(|text| !text.is_empty());
    let last = workflow.get("last_run").unwrap_or(&Value::Null);
    let mut fields: Vec<_> = FIELDS.iter().map(|(name, member)| (*name, given(workflow, member))).collect();
    fields.extend([
        ("run limit", given(workflow, "timeout_seconds").map(|seconds| format!("{seconds} s"))),
        ("last run", given(last, "id")),
        ("last status", given(last, "status")),
        ("last error", given(workflow, "last_error")),
    ]);
    output.fields(&fields)?;
    let rows: Vec<_> = workflow.get("steps").into_iter().flat_map(items).map(row).collect();
    output.line("")?;
    output.table(&STEPS, &rows)
}

fn row(step: &Value) -> Vec<String> {
    let task = step.get("task").unwrap_or(&Value::Null);
    vec![
        text(step, "id"),
        text(step, "dependencies"),
        text(task, "operation"),
        one_line(&text(step, "when"), 40),
        one_line(&text(task, "objective"), 60),
    ]
}

fn print_version(version: &Value, output: &Output) -> Result<(), Failure> {
    let given = |member: &str| Some(text(version, member)).filter(|text| !text.is_empty());
    output.fields(&[
        ("version", given("version")),
        ("digest", given("digest")),
        ("created", given("created_at")),
        ("created by", given("created_by")),
    ])?;
    output.line("")?;
    let definition = version.get("definition").unwrap_or(&Value::Null);
    let pretty = serde_json::to_string_pretty(definition).unwrap_or_default();
    pretty.lines().try_for_each(|line| output.line(line))
}
