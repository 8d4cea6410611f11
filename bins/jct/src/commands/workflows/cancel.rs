//! `jct workflows cancel`: calls off a run that is not over.

use clap::Args;
use serde_json::json;

use crate::commands::cells::text;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;

/// Arguments of `jct workflows cancel`.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  jct workflows cancel deployment_pipeline 01890a5d-ac96-774b-bcce-b302099a8057

Nothing more of it is begun, and the tasks that run are called off; `jct workflows watch` tells when it is over. \
Ends with 7 if it is over already.")]
pub(crate) struct CancelArgs {
    /// The workflow, by its name or its id
    workflow: String,
    /// The run, by its id
    run: String,
}

pub(super) fn run(args: &CancelArgs, context: &Context) -> Result<Exit, Failure> {
    let path = ["workflows", &args.workflow, "runs", &args.run, "cancel"];
    let run = context.client()?.post(&path, &json!({}))?.json()?;
    let output = context.output();
    if output.is_json() {
        output.document(&run)?;
        return Ok(Exit::Success);
    }
    let (id, status) = (text(&run, "id"), text(&run, "status"));
    if status == "cancelled" {
        output.line(format!("run {id} cancelled"))?;
    } else {
        output.line(format!("run {id} {status}, asked to become cancelled"))?;
    }
    Ok(Exit::Success)
}
