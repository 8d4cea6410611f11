//! From the parsed command line to the command.

use crate::cli::Command;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;

/// Runs one command to its end.
pub(crate) fn run(command: Command, context: &Context) -> Result<Exit, Failure> {
    match command {
        Command::Up(args) => super::up::run(*args, context),
        Command::Enqueue(args) => super::enqueue::run(&args, context),
        Command::Tasks(args) => super::tasks::run(args, context),
        Command::Show(args) => super::show::run(&args, context),
        Command::Watch(args) => super::watch::run(&args, context),
        Command::Explain(args) => super::explain::run(&args, context),
        Command::Cancel(args) => super::cancel::run(&args, context),
        Command::Release(args) => super::release::run(&args, context),
        Command::Attempts(args) => super::attempts::run(&args, context),
        Command::Queue(command) => super::queue::run(command, context),
        Command::Workers(args) => super::workers::run(&args, context),
        Command::Workspaces(command) => super::workspaces::run(&command, context),
        Command::Agents(command) => super::agents::run(command, context),
        Command::Controls(command) => super::controls::run(command, context),
        Command::Kill(args) => super::controls::kill(&args, context),
        Command::Jobs(command) => super::jobs::run(command, context),
        Command::Manifests(command) => super::manifests::run(command, context),
        Command::Manifest(command) => super::manifest::run(command, context),
        Command::Tokens(command) => super::tokens::run(command, context),
        Command::WorkerHttp(args) => super::worker_http::run(*args, context),
        Command::Mcp(args) => super::mcp::run(&args, context),
        Command::Events(command) => super::events::run(command, context),
        Command::Webhooks(command) => super::webhooks::run(command, context),
        Command::Workflows(command) => super::workflows::run(command, context),
        Command::Trace(command) => super::trace::run(command, context),
        Command::Issues(command) => super::issues::run(command, context),
        Command::Runs(command) => super::runs::run(command, context),
        Command::Review(command) => super::review::run(command, context),
        Command::Evidence(command) => super::evidence::run(command, context),
        Command::Audit(command) => super::audit::run(command, context),
        Command::Keys(command) => super::keys::run(command, context),
        Command::Db(command) => super::db::run(&command, context),
        Command::Config(args) => super::config::run(&args, context),
        Command::Doctor(args) => super::doctor::run(&args, context),
        Command::Bench(command) => crate::bench::run(command, context),
        Command::Completions(args) => super::completions::run(&args, context),
    }
}
