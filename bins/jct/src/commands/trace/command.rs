//! The two things to do with a trace.

use clap::Subcommand;

use super::{show, verify};
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;

/// What to do with a trace.
#[derive(Debug, Subcommand)]
pub(crate) enum TraceCommand {
    /// List the files of a task's trace, or print one of them
    Show(show::ShowArgs),
    /// Compare trace folders with their manifests, and the manifests with what the tower accepted
    Verify(verify::VerifyArgs),
}

pub(crate) fn run(command: TraceCommand, context: &Context) -> Result<Exit, Failure> {
    match command {
        TraceCommand::Show(args) => show::run(&args, context),
        TraceCommand::Verify(args) => verify::run(&args, context),
    }
}
