//! Adapters: how the worker speaks to an agent's command line. Configuration, not code: a new agent
//! is a table in a file.

mod checked;
mod definition;
mod error;
mod field;
mod invocation;
mod network;
mod output;
mod registry;
mod shipped;
mod template;

pub use checked::Adapter;
pub use definition::{Mode, PromptBy};
pub use error::AdapterError;
pub use network::{Network, WayOut};
pub use registry::Adapters;

pub(crate) use invocation::Invocation;
pub(crate) use output::{OutputReader, Seen};
