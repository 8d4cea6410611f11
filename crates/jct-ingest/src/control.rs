//! When a run must end, and how it says where it is. One value goes through all of it, blocking threads included.

use std::fmt;
use std::thread::sleep;
use std::time::{Duration, Instant};

use jct_exec::process::Bounds;
use jct_exec::{ExecutionIo, Stop};
use tokio_util::sync::CancellationToken;

/// How soon a waiting thread hears of a cancellation.
pub(crate) const LOOK_AGAIN: Duration = Duration::from_millis(25);
/// A budget too long for the clock to carry is cut to this.
const LONGEST_BUDGET: Duration = Duration::from_secs(365 * 24 * 3600);

/// A step of a run, as events name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    Validate,
    Fetch,
    Transform,
    Embed,
    Write,
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Validate => "manifest.validate",
            Self::Fetch => "manifest.fetch",
            Self::Transform => "manifest.transform",
            Self::Embed => "manifest.embed",
            Self::Write => "manifest.write",
        })
    }
}

/// The limits and the voice of one run. Clones share them.
#[derive(Clone, Debug)]
pub(crate) struct Control {
    cancel: CancellationToken,
    deadline: Instant,
    io: ExecutionIo,
}

impl Control {
    /// Starts the clock.
    pub(crate) fn new(budget: Duration, cancel: CancellationToken, io: ExecutionIo) -> Self {
        Self { cancel, deadline: Instant::now() + budget.min(LONGEST_BUDGET), io }
    }

    /// Whether the run may go on.
    pub(crate) fn check(&self) -> Result<(), Stop> {
        if self.cancel.is_cancelled() {
            return Err(Stop::Cancelled);
        }
        if Instant::now() >= self.deadline { Err(Stop::TimedOut) } else { Ok(()) }
    }

    /// What is left of the time budget.
    pub(crate) fn remaining(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }

    /// The same limits for processes.
    pub(crate) fn bounds(&self) -> Bounds {
        Bounds::new(self.remaining(), self.cancel.clone())
    }

    /// Waits on this thread, unless the run has to end first.
    pub(crate) fn pause(&self, time: Duration) -> Result<(), Stop> {
        let until = Instant::now() + time;
        loop {
            self.check()?;
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            sleep(left.min(LOOK_AGAIN));
        }
    }

    /// Reports how far the run is.
    pub(crate) fn progress(&self, percent: u8, stage: Stage, message: &str) {
        self.io.progress(Some(percent), &format!("{stage}: {message}"));
    }

    /// Where the run's output goes.
    pub(crate) fn io(&self) -> &ExecutionIo {
        &self.io
    }
}
