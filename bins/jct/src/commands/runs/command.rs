//! The things to do with runs.

use clap::Subcommand;

use super::{apply, diff, list, push, show};
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;

/// What to do with runs.
#[derive(Debug, Subcommand)]
pub(crate) enum RunsCommand {
    /// List runs, newest first
    List(list::ListArgs),
    /// Show one run and what belongs to it
    Show(show::ShowArgs),
    /// Print the change of a run
    Diff(diff::DiffArgs),
    /// Apply the change of a run to the git checkout here
    Apply(apply::ApplyArgs),
    /// Push the approved change of a run to its repository, as a branch
    Push(push::PushArgs),
}

pub(crate) fn run(command: RunsCommand, context: &Context) -> Result<Exit, Failure> {
    match command {
        RunsCommand::List(args) => list::run(args, context),
        RunsCommand::Show(args) => show::run(&args, context),
        RunsCommand::Diff(args) => diff::run(&args, context),
        RunsCommand::Apply(args) => apply::run(&args, context),
        RunsCommand::Push(args) => push::run(&args, context),
    }
}
