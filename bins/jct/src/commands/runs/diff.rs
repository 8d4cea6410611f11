//! `jct runs diff`: what a run changed.

use clap::Args;
use serde_json::json;

use super::{change, stat};
use crate::commands::chosen::{ChosenRun, diff_digest};
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;

/// Arguments of `jct runs diff`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  jct runs diff 01890a5d-ac96-774b-bcce-b302099a8057
  jct runs diff 01890a5d-ac96-774b-bcce-b302099a8057 --stat
  jct runs diff 01890a5d-ac96-774b-bcce-b302099a8057 > change.patch

The change is compared with the digest that the evidence names before anything is printed: ends with 7 if \
it is another one, and with 4 if the run changed nothing. On a terminal control characters are escaped; \
elsewhere the patch comes byte by byte, as `git apply` takes it.

With --json: {\"run_id\", \"diff_digest\", \"files\": [{\"path\", \"change\", \"from\"?, \"added\", \"deleted\", \
\"binary\"}], \"added\", \"deleted\"}, with and without --stat; the patch itself is no JSON.")]
pub(crate) struct DiffArgs {
    /// The run, or a task: its latest run
    run: String,
    /// Only which files, and how many lines
    #[arg(long)]
    stat: bool,
}

pub(super) fn run(args: &DiffArgs, context: &Context) -> Result<Exit, Failure> {
    let client = context.client()?;
    let output = context.output();
    let chosen = ChosenRun::find(&client, &args.run)?;
    let digest = chosen.pack().and_then(diff_digest);
    let patch = change::download(&client, &chosen.id(), digest)?;
    if digest.is_none() {
        output.note("no evidence names this change, so that nothing was compared");
    }
    if output.is_json() {
        let mut document = stat::document(&patch);
        document.shift_insert(0, "run_id".to_owned(), json!(chosen.id()));
        document.shift_insert(1, "diff_digest".to_owned(), json!(digest));
        output.document(&document)?;
    } else if args.stat {
        stat::show(&patch, output)?;
    } else {
        output.patch(&patch)?;
    }
    Ok(Exit::Success)
}
