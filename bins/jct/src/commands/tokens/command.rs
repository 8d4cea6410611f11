//! What can be done with tokens.

use clap::Subcommand;

use super::{create, list, revoke};
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;

/// What to do with the tokens of workers.
#[derive(Debug, Subcommand)]
pub(crate) enum TokensCommand {
    /// Make a token and print it; it cannot be seen again
    Create(create::CreateArgs),
    /// List every token, revoked ones included
    List(list::ListArgs),
    /// Revoke a token
    Revoke(revoke::RevokeArgs),
}

pub(crate) fn run(command: TokensCommand, context: &Context) -> Result<Exit, Failure> {
    match command {
        TokensCommand::Create(args) => create::run(&args, context),
        TokensCommand::List(args) => list::run(args, context),
        TokensCommand::Revoke(args) => revoke::run(&args, context),
    }
}
