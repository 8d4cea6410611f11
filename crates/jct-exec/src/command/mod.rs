//! The `command` executor: the task's own commands, in a fresh checkout.

mod executor;
mod input;

pub use executor::CommandExecutor;
