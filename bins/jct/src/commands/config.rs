//! `jct config`: what is in force, and which layer says so.

use clap::Args;

use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;

/// Arguments of `jct config`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  jct config
  DATABASE_URL=postgres://jct@db/jct jct config --json | jq '.[] | select(.source != \"default\")'

Secrets are masked. Unknown keys and unknown JCT_ variables are errors, all of them at once.
With --json: an array of {\"key\", \"value\", \"source\"}.")]
pub(crate) struct ConfigArgs {}

pub(crate) fn run(_: &ConfigArgs, context: &Context) -> Result<Exit, Failure> {
    let config = context.config(Vec::new())?;
    let output = context.output();
    if output.is_json() {
        output.document(&config.effective())?;
    } else {
        output.block(&config.render())?;
    }
    Ok(Exit::Success)
}
