//! What the dispatcher tells a running attempt. Orders only ever get stricter, so that whoever reads the latest one
//! has read them all.

/// An order to an attempt. The default is to go on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Order {
    stop: Option<StopReason>,
    at_once: bool,
}

/// Why an attempt must stop, the strongest last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum StopReason {
    /// The worker is shutting down; the task goes back to the queue.
    GiveBack,
    /// Somebody cancelled the task.
    Cancel,
    /// The lease is gone: another attempt may be running already.
    Lost,
}

impl Order {
    /// Stop, and take the time that an orderly end needs.
    pub(crate) const fn stop(reason: StopReason) -> Self {
        Self { stop: Some(reason), at_once: matches!(reason, StopReason::Lost) }
    }

    /// Stop without waiting for an orderly end.
    pub(crate) const fn kill(reason: StopReason) -> Self {
        Self { stop: Some(reason), at_once: true }
    }

    /// Both orders together: the stronger reason, and no waiting if either says so.
    #[must_use]
    pub(crate) fn and(self, other: Self) -> Self {
        Self { stop: self.stop.max(other.stop), at_once: self.at_once || other.at_once }
    }

    pub(crate) const fn reason(self) -> Option<StopReason> {
        self.stop
    }

    pub(crate) const fn is_at_once(self) -> bool {
        self.at_once
    }

    pub(crate) fn is_lost(self) -> bool {
        self.stop == Some(StopReason::Lost)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(left: Order, right: Order, expect: (Option<StopReason>, bool)) {
        for both in [left.and(right), right.and(left)] {
            assert_eq!((both.reason(), both.is_at_once()), expect);
        }
    }

    #[test]
    fn the_stronger_reason_wins_and_haste_stays() {
        use StopReason::{Cancel, GiveBack, Lost};
        check(Order::default(), Order::stop(GiveBack), (Some(GiveBack), false));
        check(Order::stop(GiveBack), Order::stop(Cancel), (Some(Cancel), false));
        check(Order::kill(GiveBack), Order::stop(Cancel), (Some(Cancel), true));
        check(Order::stop(Cancel), Order::stop(Lost), (Some(Lost), true));
    }
}
