//! The things to do about reviews.

use clap::Subcommand;
use jct_cwom::ReviewDecisionStatus;

use super::{decide, list, show};
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;

/// What to do about reviews.
#[derive(Debug, Subcommand)]
pub(crate) enum ReviewCommand {
    /// List what waits for a decision, oldest first
    List(list::ListArgs),
    /// Show what was found out about a run, and who may decide about it
    Show(show::ShowArgs),
    /// Accept the work of a run
    #[command(after_help = decide::APPROVE)]
    Approve(decide::DecideArgs),
    /// Refuse the work of a run for good
    #[command(after_help = decide::REJECT)]
    Reject(decide::DecideArgs),
    /// Send the work of a run back: it is to be done again, with the reason
    #[command(after_help = decide::REQUEST_CHANGES)]
    RequestChanges(decide::DecideArgs),
}

pub(crate) fn run(command: ReviewCommand, context: &Context) -> Result<Exit, Failure> {
    match command {
        ReviewCommand::List(args) => list::run(args, context),
        ReviewCommand::Show(args) => show::run(&args, context),
        ReviewCommand::Approve(args) => decide::run(args, ReviewDecisionStatus::Approved, context),
        ReviewCommand::Reject(args) => decide::run(args, ReviewDecisionStatus::Rejected, context),
        ReviewCommand::RequestChanges(args) => decide::run(args, ReviewDecisionStatus::NeedsChanges, context),
    }
}
