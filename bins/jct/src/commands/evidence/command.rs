//! The two things to do with evidence.

use clap::Subcommand;

use super::{export, verify};
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;

/// What to do with evidence.
#[derive(Debug, Subcommand)]
pub(crate) enum EvidenceCommand {
    /// Write a signed statement about a run: task, policy, isolation, commits, checks, review
    Export(export::ExportArgs),
    /// Verify such a statement, without the tower; the exit code tells what was found
    Verify(verify::VerifyArgs),
}

pub(crate) fn run(command: EvidenceCommand, context: &Context) -> Result<Exit, Failure> {
    match command {
        EvidenceCommand::Export(args) => export::run(&args, context),
        EvidenceCommand::Verify(args) => verify::run(&args, context),
    }
}
