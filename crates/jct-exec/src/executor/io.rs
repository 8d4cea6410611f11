//! Everything an executor may touch outside itself.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::record::{EgressSink, RunRecord};
use crate::process::{Bounds, Capture, DEFAULT_OUTPUT_LIMIT, LeaseTerm, LineSink};

/// Hears how far the work is. Called from async code: must not block for long.
pub trait ProgressSink: Send + Sync {
    /// `percent` is 0..=100, or `None` when it cannot be told.
    fn progress(&self, percent: Option<u8>, message: &str);
}

/// Where an attempt's output goes and how it is stopped.
#[derive(Clone)]
pub struct ExecutionIo {
    lines: Arc<dyn LineSink>,
    progress: Arc<dyn ProgressSink>,
    artifacts: PathBuf,
    workspaces: PathBuf,
    cancel: CancellationToken,
    lease: Option<LeaseTerm>,
    output_limit: usize,
    record: Arc<RunRecord>,
}

impl ExecutionIo {
    /// `artifacts` is an existing folder whose files become part of the trace; `workspaces` is the
    /// folder in which an executor makes its own temporary folders.
    pub fn new(
        lines: Arc<dyn LineSink>,
        progress: Arc<dyn ProgressSink>,
        artifacts: impl Into<PathBuf>,
        workspaces: impl Into<PathBuf>,
        cancel: CancellationToken,
    ) -> Self {
        Self {
            lines,
            progress,
            artifacts: artifacts.into(),
            workspaces: workspaces.into(),
            cancel,
            lease: None,
            output_limit: DEFAULT_OUTPUT_LIMIT,
            record: Arc::default(),
        }
    }

    /// Keeps at most `bytes` of program output (default 10 MiB).
    #[must_use]
    pub fn with_output_limit(mut self, bytes: usize) -> Self {
        self.output_limit = bytes;
        self
    }

    /// Tells `sink` of every decision about a request that wants to leave the sandbox. Starts a new record.
    #[must_use]
    pub fn with_egress(mut self, sink: Arc<dyn EgressSink>) -> Self {
        self.record = Arc::new(RunRecord::with_egress(sink));
        self
    }

    /// The same attempt, with another token that says when to end.
    #[must_use]
    pub fn with_cancellation(mut self, cancel: CancellationToken) -> Self {
        self.cancel = cancel;
        self
    }

    /// The same attempt, under a lease that ends it.
    #[must_use]
    pub fn with_lease(mut self, lease: LeaseTerm) -> Self {
        self.lease = Some(lease);
        self
    }

    /// Starts the clock of something that may take `budget` at the most, and ends with the attempt's cancellation and
    /// with its lease.
    pub fn bounds(&self, budget: Duration) -> Bounds {
        self.bounds_until(budget, self.cancel.clone())
    }

    /// [`ExecutionIo::bounds`] with another token, one that ends with the attempt's too.
    pub(crate) fn bounds_until(&self, budget: Duration, cancel: CancellationToken) -> Bounds {
        Bounds::new(budget, cancel).under(self.lease.clone())
    }

    /// The facts of the attempt, shared by all clones.
    pub fn record(&self) -> &RunRecord {
        &self.record
    }

    /// A capture for the output of the whole attempt.
    pub fn capture(&self) -> Capture {
        Capture::new(self.lines.clone(), self.output_limit)
    }

    /// Reports progress.
    pub fn progress(&self, percent: Option<u8>, message: &str) {
        self.progress.progress(percent, message);
    }

    /// The folder for files that the trace keeps.
    pub fn artifacts(&self) -> &Path {
        &self.artifacts
    }

    /// The folder for workspaces.
    pub fn workspaces(&self) -> &Path {
        &self.workspaces
    }

    /// Fires when the attempt must end.
    pub fn cancellation(&self) -> &CancellationToken {
        &self.cancel
    }
}

impl fmt::Debug for ExecutionIo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExecutionIo")
            .field("artifacts", &self.artifacts)
            .field("workspaces", &self.workspaces)
            .field("output_limit", &self.output_limit)
            .finish_non_exhaustive()
    }
}
