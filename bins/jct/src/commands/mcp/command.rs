//! Arguments of `jct mcp`, and the way from the terminal to the bridge.

use std::io;

use clap::Args;

use super::bridge::Bridge;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;

/// Arguments of `jct mcp`.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  claude mcp add jct --env JCT_API_KEY=jctk_... -- jct mcp
  JCT_URL=https://tower.example JCT_API_KEY=jctk_... jct mcp

Not for people: a coding agent starts it and speaks JSON-RPC with it, one message a line. Every message goes to the \
tower's `/mcp` with the address and the key of this command line; nothing else is ever printed on standard output. Ends \
when its input does, and at once if there is no tower or the key is not valid.")]
pub(crate) struct McpArgs {}

pub(crate) fn run(_: &McpArgs, context: &Context) -> Result<Exit, Failure> {
    let mut bridge = Bridge::new(context.client()?);
    bridge.look()?;
    bridge.carry(&mut io::stdin().lock(), &mut io::stdout().lock())?;
    Ok(Exit::Success)
}
