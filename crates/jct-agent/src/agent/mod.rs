//! The executor `agent`: a coding agent's command line, told what the task wants, held by the sandbox.

mod ending;
mod executor;
mod heard;
mod input;
mod options;

pub use executor::AgentExecutor;
pub use options::AgentOptions;
