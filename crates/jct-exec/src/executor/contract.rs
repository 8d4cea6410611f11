//! The trait every executor implements.

use async_trait::async_trait;

use super::{Execution, ExecutionIo, ExecutionRequest};

/// Does the work of a task.
///
/// An executor holds no state of a task: everything it needs is in the request, everything it leaves
/// goes through `io` or into the [`Execution`]. It keeps to the request's time budget and hears the
/// cancellation of `io` by itself; dropping the future ends the work too.
#[async_trait]
pub trait Executor: Send + Sync {
    /// The name that a task gives as `inputs.executor`.
    fn name(&self) -> &str;

    /// Whether it reads the request's context, constraints and doctrine. They are left out for one that does not.
    fn reads_background(&self) -> bool {
        false
    }

    /// Runs one attempt. Never panics, and never reports completion of work that did not run.
    async fn run(&self, request: &ExecutionRequest, io: &ExecutionIo) -> Execution;
}
