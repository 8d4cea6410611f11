//! How long to wait before looking again when no wake-up comes. A wake-up is only a hint and may get lost on its way
//! from another process, so there is always a poll underneath.

use std::time::Duration;

/// A poll that doubles from 250 ms to 5 s while nothing happens, each wait jittered by its caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PollInterval {
    next: Duration,
}

impl PollInterval {
    /// The first wait after something happened, before jitter.
    pub const SHORTEST: Duration = Duration::from_millis(250);
    /// The longest wait, before jitter.
    pub const LONGEST: Duration = Duration::from_secs(5);

    /// Begins with the shortest wait.
    #[must_use]
    pub const fn new() -> Self {
        Self { next: Self::SHORTEST }
    }

    /// Something happened: the next wait is the shortest again.
    pub const fn reset(&mut self) {
        self.next = Self::SHORTEST;
    }

    /// The next wait, and twice as long the time after. `jitter` (0 to 1) takes away up to a fifth, so that workers
    /// that began to wait together do not look together.
    pub fn wait(&mut self, jitter: f64) -> Duration {
        let wait = self.next;
        self.next = self.next.saturating_mul(2).min(Self::LONGEST);
        wait.mul_f64(1.0 - 0.2 * jitter.clamp(0.0, 1.0))
    }
}

impl Default for PollInterval {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_longest_and_begin_anew_after_a_reset() {
        let mut poll = PollInterval::new();
        let millis: Vec<_> = (0..7).map(|_| poll.wait(0.0).as_millis()).collect();
        assert_eq!(millis, [250, 500, 1000, 2000, 4000, 5000, 5000]);
        poll.reset();
        assert_eq!(poll.wait(0.0), PollInterval::SHORTEST);
    }

    #[test]
    fn jitter_takes_away_at_most_a_fifth_whatever_it_is() {
        for (jitter, expect) in [(0.5, 225), (1.0, 200), (7.0, 200), (-1.0, 250)] {
            assert_eq!(PollInterval::new().wait(jitter).as_millis(), expect, "{jitter}");
        }
    }
}
