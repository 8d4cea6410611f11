//! `jct workspaces`: what attempts left behind on this machine, and the only way to remove what nobody else has.

use std::path::Path;

use clap::{Args, Subcommand};
use jct_exec::{FoundWorkspace, RemoveError, list_workspaces, remove_workspace};
use serde_json::json;

use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Column, Output, bytes};

const COLUMNS: [Column; 7] = [
    Column::Plain("WORKSPACE"),
    Column::Plain("STATE"),
    Column::Plain("TASK"),
    Column::Plain("ATTEMPT"),
    Column::Plain("SIZE"),
    Column::Plain("KEPT UNTIL"),
    Column::Plain("WHY"),
];

/// What to do with the workspaces of this machine.
#[derive(Debug, Subcommand)]
pub(crate) enum WorkspacesCommand {
    /// List the workspaces of this machine: in use, kept for a while, or dirty
    #[command(after_help = "Examples:
  jct workspaces list
  jct workspaces list --json | jq -r '.[] | select(.dirty and (.in_use | not)) | .name'

Dirty is what was not handed over: nobody else has that work, so it is kept until somebody
removes it. Anything else goes by itself. A workspace was written by a task: look at it, and
run nothing in it.")]
    List,
    /// Remove workspaces, each by its name
    #[command(after_help = "Examples:
  jct workspaces remove ws-4Xz1Qa
  jct workspaces remove ws-4Xz1Qa ws-9bTr0c --dirty

A dirty workspace is removed only with --dirty: its work is lost. One that is in use never is.")]
    Remove(RemoveArgs),
}

/// Arguments of `jct workspaces remove`.
#[derive(Debug, Args)]
pub(crate) struct RemoveArgs {
    /// Names, as `jct workspaces list` shows them
    #[arg(required = true, value_name = "WORKSPACE")]
    names: Vec<String>,
    /// Also remove work that was not handed over, and that nobody else has
    #[arg(long)]
    dirty: bool,
}

pub(crate) fn run(command: &WorkspacesCommand, context: &Context) -> Result<Exit, Failure> {
    let config = context.config(Vec::new())?;
    let root = config.worker.workspace_root.as_path();
    match command {
        WorkspacesCommand::List => list(root, context.output())?,
        WorkspacesCommand::Remove(args) => remove(root, args, context.output())?,
    }
    Ok(Exit::Success)
}

fn list(root: &Path, output: &Output) -> Result<(), Failure> {
    let found = list_workspaces(root)
        .map_err(|error| Failure::caused(Exit::Local, "the workspaces cannot be listed", &error))?;
    if output.is_json() {
        return output.document(&found);
    }
    if found.is_empty() {
        output.note(format!("there is no workspace in {}", root.display()));
        return Ok(());
    }
    output.table(&COLUMNS, &found.iter().map(row).collect::<Vec<_>>())
}

fn row(found: &FoundWorkspace) -> Vec<String> {
    let FoundWorkspace { name, in_use, dirty, bytes: size, note, .. } = found;
    let state = match (in_use, dirty) {
        (true, _) => "in use",
        (false, true) => "dirty",
        (false, false) => "kept",
    };
    let or_none = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
    let of_note = |text: fn(&jct_exec::WorkspaceNote) -> Option<String>| or_none(note.as_ref().and_then(text));
    vec![
        name.clone(),
        state.to_owned(),
        of_note(|note| Some(note.task_id.clone())),
        of_note(|note| Some(note.attempt.to_string())),
        bytes(*size),
        of_note(|note| note.kept_until.map(|until| until.to_string())),
        of_note(|note| note.kept_because.clone()),
    ]
}

/// In order, up to the first that cannot be removed.
fn remove(root: &Path, RemoveArgs { names, dirty }: &RemoveArgs, output: &Output) -> Result<(), Failure> {
    for name in names {
        remove_workspace(root, name, *dirty).map_err(|error| failed(&error))?;
        if !output.is_json() {
            output.line(format!("removed {name}"))?;
        }
    }
    if output.is_json() { output.document(&json!({ "removed": names })) } else { Ok(()) }
}

fn failed(error: &RemoveError) -> Failure {
    match error {
        RemoveError::NotFound(_) => Failure::new(Exit::NotFound, error.to_string()).hint("see `jct workspaces list`"),
        RemoveError::InUse(_) => Failure::new(Exit::Conflict, error.to_string()),
        RemoveError::Dirty(_) => Failure::new(Exit::Conflict, error.to_string())
            .hint("nobody else has that work: look at it, and add --dirty to remove it all the same"),
        error => Failure::caused(Exit::Local, error.to_string(), std::error::Error::source(error).unwrap_or(error)),
    }
}
