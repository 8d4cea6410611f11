//! When a run must stop: a deadline, a cancellation token, and the grace between the polite and the
//! forced signal. Passed down unchanged, so that every step of a job shares one clock.

use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// Between SIGTERM and SIGKILL, unless told otherwise.
const DEFAULT_GRACE: Duration = Duration::from_secs(5);
/// A budget too long for the clock to carry is cut to this.
const LONGEST_BUDGET: Duration = Duration::from_secs(365 * 24 * 3600);

/// The limits of one job, shared by every process it starts.
#[derive(Clone, Debug)]
pub struct Bounds {
    deadline: Instant,
    grace: Duration,
    cancel: CancellationToken,
}

impl Bounds {
    /// Starts the clock: the job ends `budget` from now at the latest, or when `cancel` fires.
    pub fn new(budget: Duration, cancel: CancellationToken) -> Self {
        Self { deadline: Instant::now() + budget.min(LONGEST_BUDGET), grace: DEFAULT_GRACE, cancel }
    }

    /// The same bounds with another time between SIGTERM and SIGKILL (default 5 s).
    #[must_use]
    pub fn with_grace(mut self, grace: Duration) -> Self {
        self.grace = grace;
        self
    }

    /// The same bounds, tightened to `limit` from now when that comes first.
    #[must_use]
    pub fn within(&self, limit: Duration) -> Self {
        let limited = Instant::now() + limit.min(LONGEST_BUDGET);
        Self { deadline: self.deadline.min(limited), ..self.clone() }
    }

    /// Whether the deadline has passed.
    pub fn is_over(&self) -> bool {
        Instant::now() >= self.deadline
    }

    /// Whether cancellation was asked for.
    pub fn is_cancelled(&self) -> bool {
        self.cancel.is_cancelled()
    }

    pub(crate) fn deadline(&self) -> Instant {
        self.deadline
    }

    pub(crate) fn grace(&self) -> Duration {
        self.grace
    }

    /// Resolves when cancellation is asked for.
    pub(crate) async fn cancelled(&self) {
        self.cancel.cancelled().await;
    }
}
