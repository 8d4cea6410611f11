//! `jct workflows graph`: which step waits for which, and in a run where each is.

use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use super::drawing::{Steps, dot, mermaid, text};
use crate::commands::cells;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;

/// Arguments of `jct workflows graph`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  jct workflows graph security_scan
  jct workflows graph security_scan 01890a5d-ac96-774b-bcce-b302099a8057
  jct workflows graph security_scan --format dot | dot -Tsvg > security_scan.svg

Without a run the steps are those of the version in force, with one those that the run has. With --json: \
{\"workflow\", \"run\", \"steps\": [{\"id\", \"name\", \"dependencies\", \"status\", \"depth\"}]}, each step after \
those it depends on.")]
pub(crate) struct GraphArgs {
    /// The workflow, by its name or its id
    workflow: String,
    /// The run whose states are shown, by its id
    run: Option<String>,
    /// How it is drawn
    #[arg(long, value_enum)]
    format: Option<Format>,
}

/// How steps are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For a terminal; if nothing is said
    Text,
    /// A flowchart of Mermaid
    Mermaid,
    /// A graph of Graphviz
    Dot,
}

pub(super) fn run(args: &GraphArgs, context: &Context) -> Result<Exit, Failure> {
    let output = context.output();
    if output.is_json() && args.format.is_some() {
        return Err(Failure::new(Exit::Usage, "a graph is either drawn or printed as JSON").hint("leave out --format"));
    }
    let client = context.client()?;
    // A run names its workflow, and has an id of its own.
    let (view, name) = match &args.run {
        Some(run) => (client.get(&["workflows", &args.workflow, "runs", run])?.json()?, "workflow"),
        None => (client.get(&["workflows", &args.workflow])?.json()?, "name"),
    };
    let steps = Steps::read(view.get("steps").unwrap_or(&Value::Null));
    if output.is_json() {
        output.document(&json!({
            "workflow": cells::text(&view, name),
            "run": args.run.as_ref().map(|_| cells::text(&view, "id")),
            "steps": steps.to_json(),
        }))?;
        return Ok(Exit::Success);
    }
    let drawn = match args.format {
        None | Some(Format::Text) => text(&steps),
        Some(Format::Mermaid) => mermaid(&steps),
        Some(Format::Dot) => dot(&steps),
    };
    output.block(&drawn)?;
    Ok(Exit::Success)
}
