//! When a run must stop: a deadline, a cancellation token, and the grace between the polite and the
//! forced signal. Passed down unchanged, so that every step of a job shares one clock.

use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::term::LeaseTerm;
use crate::sandbox::TimeLeft;

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
    lease: Option<LeaseTerm>,
}

impl Bounds {
    /// Starts the clock: the job ends `budget` from now at the latest, or when `cancel` fires.
    pub fn new(budget: Duration, cancel: CancellationToken) -> Self {
        Self { deadline: Instant::now() + budget.min(LONGEST_BUDGET), grace: DEFAULT_GRACE, cancel, lease: None }
    }

    /// The same bounds with another time between SIGTERM and SIGKILL (default 5 s).
    #[must_use]
    pub fn with_grace(mut self, grace: Duration) -> Self {
        self.grace = grace;
        self
    }

    /// The same bounds, under a lease: what runs in a sandbox ends with it, even when this process hangs.
    #[must_use]
    pub fn under(mut self, lease: Option<LeaseTerm>) -> Self {
        self.lease = lease;
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

    pub(crate) fn lease(&self) -> Option<LeaseTerm> {
        self.lease.clone()
    }

    /// How long a sandbox may last that is started now, whatever becomes of this process.
    pub(crate) fn time_left(&self) -> TimeLeft {
        let now = Instant::now();
        let milliseconds = |left: Duration| u64::try_from(left.as_millis()).unwrap_or(u64::MAX);
        let lease = self.lease.as_ref().map(|lease| lease.until().saturating_duration_since(now));
        TimeLeft {
            budget_ms: milliseconds(self.deadline.saturating_duration_since(now).saturating_add(self.grace)),
            // Not a moment too early: whoever sees the end of such a run knows that the lease is over.
            lease_ms: lease.map(|left| milliseconds(left).saturating_add(1)),
        }
    }

    /// Resolves when cancellation is asked for.
    pub(crate) async fn cancelled(&self) {
        self.cancel.cancelled().await;
    }
}
