//! `jct runs apply`: takes the change of a run into the checkout one stands in.

use std::io::Write as _;

use clap::Args;
use serde_json::{Value, json};
use tempfile::NamedTempFile;

use super::checkout::{Applied, Checkout};
use super::{change, stat};
use crate::commands::chosen::{ChosenRun, diff_digest};
use crate::context::{Context, block_on};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;

/// Arguments of `jct runs apply`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  cd myorg/app && jct runs apply 01890a5d-ac96-774b-bcce-b302099a8057
  jct runs apply 01890a5d-ac96-774b-bcce-b302099a8057 --force

Works on the git checkout around the working directory: applies the change to the files and to the index, \
merging where it does not fit as it stands, and never commits. The change is first compared with the \
digest that the evidence names. Ends with 7 if it is another one, if files with changes of your own are \
in the checkout (unless --force is given), or if it does not fit or left conflicts.

With --json: {\"run_id\", \"diff_digest\", \"conflicts\": [...], \"files\": [...], \"added\", \"deleted\"}.")]
pub(crate) struct ApplyArgs {
    /// The run, or a task: its latest run
    run: String,
    /// Apply it although files in the checkout have changes of your own; those files it still does not touch
    #[arg(long)]
    force: bool,
}

pub(super) fn run(args: &ApplyArgs, context: &Context) -> Result<Exit, Failure> {
    let client = context.client()?;
    let output = context.output();
    let chosen = ChosenRun::find(&client, &args.run)?;
    let nobody = || {
        Failure::new(Exit::Conflict, "no evidence names a change of this run")
            .hint("`jct runs show` tells whether anybody has looked at it")
    };
    let pack = chosen.pack().ok_or_else(nobody)?;
    let digest = diff_digest(pack).ok_or_else(nobody)?;
    let patch = change::download(&client, &chosen.id(), Some(digest))?;
    let applied = block_on(applied(pack, &patch, args.force, output))?;
    let conflicts = match &applied {
        Applied::Cleanly => &[][..],
        Applied::WithConflicts(files) => files,
    };
    if output.is_json() {
        let mut document = stat::document(&patch);
        document.shift_insert(0, "run_id".to_owned(), json!(chosen.id()));
        document.shift_insert(1, "diff_digest".to_owned(), json!(digest));
        document.shift_insert(2, "conflicts".to_owned(), json!(conflicts));
        output.document(&document)?;
    } else {
        stat::show(&patch, output)?;
        conflicts.iter().try_for_each(|file| output.line(format!("conflict  {file}")))?;
        output.note("applied to the files and the index, nothing is committed; look with `git diff --cached`");
    }
    Ok(if conflicts.is_empty() { Exit::Success } else { Exit::Conflict })
}

async fn applied(pack: &Value, patch: &[u8], force: bool, output: &Output) -> Result<Applied, Failure> {
    let local = |error: &std::io::Error| Failure::caused(Exit::Local, "the change cannot be kept for git", error);
    let here = std::env::current_dir().map_err(|error| local(&error))?;
    let checkout = Checkout::around(&here).await?;
    let changed = checkout.changed_files().await?;
    if !force && !changed.is_empty() {
        let failure = Failure::new(Exit::Conflict, "the checkout has changes of its own");
        let failure = changed.iter().take(10).fold(failure, |failure, file| failure.detail(file.as_str()));
        return Err(failure.hint("commit or stash them, or say --force"));
    }
    let base = pack.pointer("/subject/base_commit").and_then(Value::as_str).unwrap_or_default();
    if !checkout.knows(base).await? {
        output.note("this repository does not have the commit that the change was made on");
    }
    let mut file = NamedTempFile::new().map_err(|error| local(&error))?;
    file.write_all(patch).map_err(|error| local(&error))?;
    checkout.apply(file.path()).await
}
