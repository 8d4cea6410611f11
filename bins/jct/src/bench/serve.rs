//! The measured server: a tower without configuration, over the database that the environment names.

use clap::Args;

use crate::exit::Exit;
use crate::failure::Failure;

/// Arguments of the measured server.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct ServeArgs {
    /// Port to listen on
    #[arg(long)]
    port: u16,
    /// Serve the API
    #[arg(long)]
    api: bool,
    /// Work
    #[arg(long)]
    worker: bool,
}

pub(super) fn run(_args: &ServeArgs) -> Result<Exit, Failure> { Ok(Exit::Success) }
