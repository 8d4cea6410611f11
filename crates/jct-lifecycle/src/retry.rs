//! Backoff: how long a task waits before its next attempt.

use std::time::Duration;

/// How often, and how fast, a task is tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Attempts a task gets in all, at least 1.
    pub max_attempts: u32,
    /// The wait after the first attempt, before jitter.
    pub base: Duration,
    /// The longest wait, before jitter.
    pub cap: Duration,
}

impl Default for RetryPolicy {
    /// Three attempts; 15 seconds doubling up to 10 minutes.
    fn default() -> Self {
        Self { max_attempts: 3, base: Duration::from_secs(15), cap: Duration::from_secs(600) }
    }
}

impl RetryPolicy {
    /// The wait after attempt number `attempt` (from 1): `base * 2^(attempt - 1)`, at most `cap`, of which the upper
    /// half is spread by `jitter` (0 to 1), so that tasks that failed together do not come back together.
    #[must_use]
    pub fn backoff(&self, attempt: u32, jitter: f64) -> Duration {
        let doublings = attempt.saturating_sub(1).min(31);
        let full = self.base.saturating_mul(1 << doublings).min(self.cap);
        full.mul_f64(0.5 + 0.5 * jitter.clamp(0.0, 1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(attempt: u32, jitter: f64, expect_seconds: f64) {
        let waited = RetryPolicy::default().backoff(attempt, jitter).as_secs_f64();
        assert!((waited - expect_seconds).abs() < 1e-6, "{waited} instead of {expect_seconds}");
    }

    #[test]
    fn the_wait_doubles_up_to_the_cap_and_jitter_spreads_its_upper_half() {
        check(1, 1.0, 15.0);
        check(1, 0.0, 7.5);
        check(2, 1.0, 30.0);
        check(4, 0.5, 90.0);
        check(30, 1.0, 600.0);
        check(u32::MAX, 1.0, 600.0);
        check(0, 1.0, 15.0);
    }
}
