//! `jct mcp`: the tower's MCP server on standard input and output.

mod bridge;
mod command;
mod message;

pub(crate) use command::{McpArgs, run};
