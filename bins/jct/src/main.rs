//! `jct`, the operator's command line of the Jules Control Tower.

mod bench;
mod cli;
#[cfg(test)]
mod cli_docs;
mod client;
mod commands;
mod context;
mod database;
mod exit;
mod failure;
mod output;
mod signals;
mod stack;
mod state_folder;

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    // What tasks run begins as this program again, and must not have a second thread then.
    jct_wiring::main_if_asked();
    let cli = cli::Cli::parse();
    let context = context::Context::new(cli.global);
    match commands::run(cli.command, &context) {
        Ok(exit) => exit.into(),
        Err(failure) => context.output().failure(&failure).into(),
    }
}
