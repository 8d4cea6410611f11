//! What can be done with events.

use clap::Subcommand;

use super::{list, post, show, watch};
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;

/// What to do with events.
#[derive(Debug, Subcommand)]
pub(crate) enum EventsCommand {
    /// Hand in an event
    Post(post::PostArgs),
    /// List events, newest first
    List(list::ListArgs),
    /// Show one event
    Show(show::ShowArgs),
    /// Try a failed or dead event again, with all its tries
    Redrive(show::RedriveArgs),
    /// Print events as they come in
    Watch(watch::WatchArgs),
}

pub(crate) fn run(command: EventsCommand, context: &Context) -> Result<Exit, Failure> {
    match command {
        EventsCommand::Post(args) => post::run(&args, context),
        EventsCommand::List(args) => list::run(args, context),
        EventsCommand::Show(args) => show::run(&args, context),
        EventsCommand::Redrive(args) => show::redrive(&args, context),
        EventsCommand::Watch(args) => watch::run(&args, context),
    }
}
