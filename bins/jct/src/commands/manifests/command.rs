//! What can be done with the registry.

use clap::Subcommand;

use super::{delete, list, put, run as run_one, runs, show, versions};
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;

/// What to do with manifests.
#[derive(Debug, Subcommand)]
pub(crate) enum ManifestsCommand {
    /// Keep a manifest, as a new version if it is there already
    Put(put::PutArgs),
    /// List manifests by name
    List(list::ListArgs),
    /// Show one manifest, or its exact text
    Show(show::ShowArgs),
    /// List the versions of a manifest, newest first
    Versions(versions::VersionsArgs),
    /// Delete a manifest; its versions stay for the jobs that ran them
    Delete(delete::DeleteArgs),
    /// Submit a run of a manifest
    Run(run_one::RunArgs),
    /// List the runs of a manifest, newest first
    Runs(runs::RunsArgs),
}

pub(crate) fn run(command: ManifestsCommand, context: &Context) -> Result<Exit, Failure> {
    match command {
        ManifestsCommand::Put(args) => put::run(&args, context),
        ManifestsCommand::List(args) => list::run(args, context),
        ManifestsCommand::Show(args) => show::run(&args, context),
        ManifestsCommand::Versions(args) => versions::run(args, context),
        ManifestsCommand::Delete(args) => delete::run(&args, context),
        ManifestsCommand::Run(args) => run_one::run(&args, context),
        ManifestsCommand::Runs(args) => runs::run(args, context),
    }
}
