//! What an executor is: one trait, what it is given, and how it can end.

mod contract;
mod execution;
mod io;
mod registry;
mod request;

pub use contract::Executor;
pub use execution::{Execution, FailureReason, JsonObject};
pub use io::{ExecutionIo, ProgressSink};
pub use registry::{Executors, RegistryError};
pub use request::ExecutionRequest;

pub(crate) use execution::{Stop, with_causes};
