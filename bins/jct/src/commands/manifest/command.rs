//! What can be done with a manifest in a file.

use clap::Subcommand;

use super::check;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;

/// What to do with a manifest in a file.
#[derive(Debug, Subcommand)]
pub(crate) enum ManifestCommand {
    /// Check manifests, without a tower and without the network
    Check(check::CheckArgs),
}

pub(crate) fn run(command: ManifestCommand, context: &Context) -> Result<Exit, Failure> {
    match command {
        ManifestCommand::Check(args) => check::run(&args, context),
    }
}
