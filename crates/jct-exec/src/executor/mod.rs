//! What an executor is: one trait, what it is given, and how it can end.

mod execution;
mod io;
mod registry;
mod request;

pub use execution::{Execution, FailureReason, JsonObject};
pub use io::{ExecutionIo, ProgressSink};
pub use registry::{Executors, RegistryError};
pub use request::ExecutionRequest;

pub(crate) use execution::{Stop, with_causes};

use async_trait::async_trait;

/// Does the work of a task.
///
/// An executor holds no state of a task: everything it needs is in the request, everything it leaves
/// goes through `io` or into the [`Execution`]. It keeps to the request's time budget and hears the
/// cancellation of `io` by itself; dropping the future ends the work too.
#[async_trait]
pub trait Executor: Send + Sync {
    /// The name that a task gives as `inputs.executor`.
    fn name(&self) -> &str;

    /// Runs one attempt. Never panics, and never reports completion of work that did not run.
    async fn run(&self, request: &ExecutionRequest, io: &ExecutionIo) -> Execution;
}
