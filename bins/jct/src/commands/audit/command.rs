//! The things to do with the audit log.

use clap::Subcommand;

use super::{export, key, seal, show, verify};
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;

/// What to do with the audit log.
#[derive(Debug, Subcommand)]
pub(crate) enum AuditCommand {
    /// Verify the log, or an exported part of it; the exit code tells what was found
    Verify(verify::VerifyArgs),
    /// Write the log, or whole chains of it, into a file that others can verify
    Export(export::ExportArgs),
    /// Show the entries of one object or of one trace
    Show(show::ShowArgs),
    /// Make a checkpoint now, and bring the checkpoint file up to date
    #[command(after_help = seal::EXAMPLES)]
    Checkpoint,
    /// Show the keys that sign checkpoints, or change the key
    #[command(subcommand)]
    Key(key::KeyCommand),
}

pub(crate) fn run(command: AuditCommand, context: &Context) -> Result<Exit, Failure> {
    match command {
        AuditCommand::Verify(args) => verify::run(args, context),
        AuditCommand::Export(args) => export::run(args, context),
        AuditCommand::Show(args) => show::run(args, context),
        AuditCommand::Checkpoint => seal::run(context),
        AuditCommand::Key(command) => key::run(&command, context),
    }
}
