//! No-op attempts through a whole worker: claimed, traced, sealed, settled with their fence, audited.

use std::sync::Arc;
use std::time::Instant;

use jct_exec::Executors;
use jct_exec::executor::Executor;
use jct_runner::{RunMode, Shutdown, Worker, WorkerOptions};
use jct_trace::{SealerHandle, TraceRoot};

use super::executor::Noop;
use super::fill::fill;
use super::goals::{Measured, Metric};
use super::scratch::Scratch;
use crate::database;
use crate::exit::Exit;
use crate::failure::Failure;

/// Attempts under way at once: enough for the seals of one sync to be many.
pub(super) const SLOTS: u32 = 128;

/// Drains `tasks` tasks.
pub(super) async fn measure(scratch: &Scratch, tasks: u32) -> Result<Vec<Measured>, Failure> {
    let store = scratch.open().await?;
    fill(&store, tasks, usize::MAX).await?;
    let folder = scratch.folder();
    let traces = TraceRoot::open(&folder.join("traces")).map_err(|error| broken(&error))?;
    let options = WorkerOptions::new("bench", &folder.join("workspaces"))
        .with_slots(SLOTS)
        .map_err(|error| broken(&error))?
        .with_mode(RunMode::Drain);
    let executors = Executors::new([Arc::new(Noop) as Arc<dyn Executor>]).map_err(|error| broken(&error))?;
    let worker = Worker::new(options, Arc::new(store.clone()), executors, traces.clone(), SealerHandle::start(traces));
    let (_handle, shutdown) = Shutdown::new();
    let started = Instant::now();
    let report = worker.run(shutdown).await.map_err(|error| broken(&error))?;
    let elapsed = started.elapsed();
    let status = store.queue_status().await.map_err(|error| database::failed(&error))?;
    store.close().await;
    if report.completed != u64::from(tasks) {
        return Err(Failure::new(Exit::Negative, format!("{} of {tasks} tasks were completed", report.completed))
            .detail(format!("{status:?}")));
    }
    Ok(vec![Measured::new(Metric::DrainRate, scratch.engine(), f64::from(tasks) / elapsed.as_secs_f64())])
}

fn broken(error: &(dyn std::error::Error + 'static)) -> Failure {
    Failure::caused(Exit::Local, "the measured worker cannot work", error)
}
