//! An executor that does nothing but note when it was started: what is left is the tower's own cost.

use std::time::{SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use jct_exec::executor::{Execution, ExecutionIo, ExecutionRequest, Executor, JsonObject};

/// Name under which the measured tasks ask for it.
pub(super) const NAME: &str = "noop";
/// Field of the result with the moment of the start, in microseconds since the epoch.
pub(super) const STARTED: &str = "started_us";

/// Completes at once.
#[derive(Debug)]
pub(super) struct Noop;

#[async_trait]
impl Executor for Noop {
    fn name(&self) -> &str {
        NAME
    }

    async fn run(&self, _: &ExecutionRequest, _: &ExecutionIo) -> Execution {
        let output = JsonObject::from_iter([(STARTED.to_owned(), now_us().into())]);
        Execution::Completed { output }
    }
}

/// The wall clock that this process shares with the measured ones, in microseconds since the epoch.
pub(super) fn now_us() -> u64 {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since_epoch.as_micros()).unwrap_or(u64::MAX)
}
