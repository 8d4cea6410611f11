//! What can be done with workflows.

use clap::Subcommand;

use super::{cancel, check, define, graph, list, show, start, status, switch, watch};
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;

/// What to do with workflows.
#[derive(Debug, Subcommand)]
pub(crate) enum WorkflowsCommand {
    /// List workflows by name
    List(list::ListArgs),
    /// Show one workflow, or what one of its versions defines
    Show(show::ShowArgs),
    /// Define a workflow, or change one to what is defined
    Define(define::DefineArgs),
    /// Check definitions, without a tower and without the network
    Check(check::CheckArgs),
    /// Let events start a workflow
    #[command(after_help = "Example:\n  jct workflows enable incident_response")]
    Enable(switch::SwitchArgs),
    /// Let events no longer start a workflow; its runs go on, and it can still be started by hand
    #[command(after_help = "Example:\n  jct workflows disable incident_response")]
    Disable(switch::SwitchArgs),
    /// List the versions of a workflow, newest first
    Versions(list::VersionsArgs),
    /// Start a run
    Run(start::RunArgs),
    /// List the runs of a workflow, newest first
    Runs(list::RunsArgs),
    /// Follow a run until it is over
    Watch(watch::WatchArgs),
    /// Show one run with its steps
    Status(status::StatusArgs),
    /// Draw the steps of a workflow or of a run
    Graph(graph::GraphArgs),
    /// Call a run off
    Cancel(cancel::CancelArgs),
    /// Do a run that is over again from a step on, as a new run
    Fork(start::ForkArgs),
}

pub(crate) fn run(command: WorkflowsCommand, context: &Context) -> Result<Exit, Failure> {
    match command {
        WorkflowsCommand::List(args) => list::run(args, context),
        WorkflowsCommand::Show(args) => show::run(&args, context),
        WorkflowsCommand::Define(args) => define::run(&args, context),
        WorkflowsCommand::Check(args) => check::run(&args, context),
        WorkflowsCommand::Enable(args) => switch::run(&args, true, context),
        WorkflowsCommand::Disable(args) => switch::run(&args, false, context),
        WorkflowsCommand::Versions(args) => list::versions(args, context),
        WorkflowsCommand::Run(args) => start::run(&args, context),
        WorkflowsCommand::Runs(args) => list::runs(args, context),
        WorkflowsCommand::Watch(args) => watch::run(&args, context),
        WorkflowsCommand::Status(args) => status::run(&args, context),
        WorkflowsCommand::Graph(args) => graph::run(&args, context),
        WorkflowsCommand::Cancel(args) => cancel::run(&args, context),
        WorkflowsCommand::Fork(args) => start::fork(&args, context),
    }
}
