//! The three ways to look at issues.

use clap::Subcommand;

use super::{graph, list, show};
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;

/// What to see of the issues.
#[derive(Debug, Subcommand)]
pub(crate) enum IssuesCommand {
    /// List issues, newest first
    List(list::ListArgs),
    /// Show one issue
    Show(show::ShowArgs),
    /// Show an issue with its whole chain: context, constraints, doctrine, runs, artifacts,
    /// evidence and reviews
    Graph(graph::GraphArgs),
}

pub(crate) fn run(command: IssuesCommand, context: &Context) -> Result<Exit, Failure> {
    match command {
        IssuesCommand::List(args) => list::run(args, context),
        IssuesCommand::Show(args) => show::run(&args, context),
        IssuesCommand::Graph(args) => graph::run(&args, context),
    }
}
