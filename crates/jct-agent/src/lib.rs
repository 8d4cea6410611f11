#![doc = include_str!("../README.md")]

pub mod adapter;
pub mod agent;
pub mod broker;
mod inside;
mod listen;
pub mod prompt;
pub mod script;
mod text;
mod work;

pub use agent::{AgentExecutor, AgentOptions};
pub use inside::main_if_asked;
pub use script::ScriptExecutor;
pub use work::InsideProgram;
