//! What an answer means, and when to try again.

use std::time::Duration;

/// Waits before the second, third ... try, in seconds; the example of Standard Webhooks 1.0, a little over three days.
const DELAYS: [u64; 9] = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];
/// The part of a wait that jitter may add to it.
const JITTER: f64 = 0.2;
/// A receiver that asks for more patience than this gets this much.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(86_400);

/// When a message is tried again. The first try is immediate; there are ten in all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RetrySchedule;

/// What the answer to a try means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Any 2xx.
    Delivered,
    /// 410: the receiver wants no more messages; the endpoint is to be switched off.
    Gone,
    /// Everything else: no answer, a redirect (which is not followed), an error.
    TryAgain,
}

impl RetrySchedule {
    /// Tries of one message in all.
    pub const TRIES: u32 = 10;

    /// The wait after try number `failed` (from 1), spread by up to a fifth more by `jitter` (0 to 1); `None` when
    /// there is no further try. `retry_after` is what the receiver asked for: it may lengthen the wait up to a day, and
    /// never shortens it.
    #[must_use]
    pub fn after(self, failed: u32, jitter: f64, retry_after: Option<Duration>) -> Option<Duration> {
        let index = usize::try_from(failed.checked_sub(1)?).ok()?;
        let planned = Duration::from_secs(*DELAYS.get(index)?).mul_f64(1.0 + JITTER * jitter.clamp(0.0, 1.0));
        Some(retry_after.map_or(planned, |asked| planned.max(asked.min(MAX_RETRY_AFTER))))
    }
}

impl Verdict {
    /// What this status means; `None` stands for no answer.
    #[must_use]
    pub const fn of(status: Option<u16>) -> Self {
        match status {
            Some(200..=299) => Self::Delivered,
            Some(410) => Self::Gone,
            _ => Self::TryAgain,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(failed: u32, jitter: f64, retry_after: Option<u64>, expect: Option<f64>) {
        let wait = RetrySchedule.after(failed, jitter, retry_after.map(Duration::from_secs));
        assert_eq!(wait.map(|wait| wait.as_secs_f64()), expect);
    }

    #[test]
    fn waits_grow_and_end() {
        check(1, 0.0, None, Some(5.0));
        check(1, 1.0, None, Some(6.0));
        check(2, 0.5, None, Some(330.0));
        check(9, 0.0, None, Some(86_400.0));
        check(10, 0.0, None, None);
        check(0, 0.0, None, None);
        check(u32::MAX, 0.0, None, None);
        check(1, -3.0, Some(60), Some(60.0));
        check(3, 0.0, Some(60), Some(1_800.0));
        check(1, 0.0, Some(u64::MAX), Some(86_400.0));
        check(10, 0.0, Some(60), None);
    }

    #[test]
    fn ten_tries_take_a_little_over_three_days() {
        let waits: Vec<_> =
            (1..=RetrySchedule::TRIES).filter_map(|try_| RetrySchedule.after(try_, 0.0, None)).collect();
        assert_eq!(waits.len(), 9);
        assert_eq!(waits.iter().sum::<Duration>(), Duration::from_secs(75 * 3600 + 35 * 60 + 5));
    }

    #[test]
    fn a_redirect_is_no_delivery() {
        for (status, expect) in [
            (Some(200), Verdict::Delivered),
            (Some(204), Verdict::Delivered),
            (Some(302), Verdict::TryAgain),
            (Some(410), Verdict::Gone),
            (Some(404), Verdict::TryAgain),
            (Some(503), Verdict::TryAgain),
            (None, Verdict::TryAgain),
        ] {
            assert_eq!(Verdict::of(status), expect, "{status:?}");
        }
    }
}
