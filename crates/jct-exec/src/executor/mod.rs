//! What an executor is: one trait, what it is given, and how it can end.

mod contract;
mod execution;
mod io;
mod record;
mod registry;
mod request;

pub use contract::Executor;
pub use execution::{Execution, FailureReason, JsonObject, Stop};
pub use io::{ExecutionIo, ProgressSink};
pub use record::{EgressDecision, EgressSink, Handover, RunRecord, Usage};
pub use registry::{Executors, RegistryError};
pub use request::{ExecutionRequest, ManifestInput};

pub(crate) use execution::with_causes;
