#![doc = include_str!("../README.md")]

mod arguments;
mod call;
mod caller;
mod errors;
mod failure;
mod misread;
mod resources;
mod server;
mod tool;
mod tools;
mod views;

pub use caller::Caller;
pub use misread::unreadable;
pub use server::McpServer;
