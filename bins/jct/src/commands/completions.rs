//! `jct completions`: the completion script of a shell.

use clap::{Args, CommandFactory as _};
use clap_complete::Shell;

use crate::cli::Cli;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;

/// Arguments of `jct completions`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  jct completions bash > ~/.local/share/bash-completion/completions/jct
  jct completions zsh > ~/.zfunc/_jct
  jct completions fish > ~/.config/fish/completions/jct.fish")]
pub(crate) struct CompletionsArgs {
    /// The shell
    shell: Shell,
}

pub(crate) fn run(args: &CompletionsArgs, context: &Context) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "jct", &mut script);
    context.output().copy(script.as_slice())?;
    Ok(Exit::Success)
}
