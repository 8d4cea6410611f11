//! What can be done with jobs.

use clap::Subcommand;

use super::{artifacts, cancel, create, download, events, list, show};
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;

/// What to do with jobs.
#[derive(Debug, Subcommand)]
pub(crate) enum JobsCommand {
    /// Submit a job
    Create(create::CreateArgs),
    /// List jobs, newest first
    List(list::ListArgs),
    /// Show one job
    Show(show::ShowArgs),
    /// Cancel a job
    Cancel(cancel::CancelArgs),
    /// Show what happened to a job, or follow it until it ends
    Events(events::EventsArgs),
    /// List the artifacts that workers left
    Artifacts(artifacts::ArtifactsArgs),
    /// Get one artifact, and check its digest
    Download(download::DownloadArgs),
}

pub(crate) fn run(command: JobsCommand, context: &Context) -> Result<Exit, Failure> {
    match command {
        JobsCommand::Create(args) => create::run(&args, context),
        JobsCommand::List(args) => list::run(args, context),
        JobsCommand::Show(args) => show::run(&args, context),
        JobsCommand::Cancel(args) => cancel::run(args, context),
        JobsCommand::Events(args) => events::run(&args, context),
        JobsCommand::Artifacts(args) => artifacts::run(args, context),
        JobsCommand::Download(args) => download::run(&args, context),
    }
}
