//! Runs work under orders: a time limit, a cancellation, a lease that may vanish, and its own panics.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt;
use jct_exec::Execution;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use crate::order::{Order, StopReason};

/// How the supervision of some work ended.
#[derive(Debug, PartialEq)]
pub(crate) enum Supervised<T> {
    /// It ended by itself, perhaps because it was told to.
    Ended { ended: T, told: Option<StopReason> },
    /// It did not keep to its time and was killed.
    Overdue,
    /// It was told to stop and was killed, at once or because it did not.
    Killed(StopReason),
    /// It panicked.
    Panicked,
    /// The lease is gone; it was killed.
    Lost,
}

impl Supervised<Execution> {
    /// Whether the work was cancelled without having been told to.
    pub(crate) fn is_cancelled_unasked(&self) -> bool {
        matches!(self, Self::Ended { ended: Execution::Cancelled { .. }, told: None })
    }
}

/// What may end work from outside.
pub(crate) struct Reins {
    /// The dispatcher's orders.
    pub(crate) orders: watch::Receiver<Order>,
    /// The store said that the lease is gone.
    pub(crate) revoked: CancellationToken,
    /// What the work itself hears; the token of its `ExecutionIo`.
    pub(crate) cancel: CancellationToken,
    /// How long an orderly end may take.
    pub(crate) patience: Duration,
}

impl Reins {
    /// Drives `work` to its end, whatever that is. Dropping the future kills what it started, so after this call nothing
    /// of it runs any more.
    pub(crate) async fn supervise<T>(&mut self, work: impl Future<Output = T>, budget: Duration) -> Supervised<T> {
        let work = AssertUnwindSafe(work).catch_unwind();
        tokio::pin!(work);
        // It ends at its budget's end by itself; this is for work that does not.
        let mut kill_at = Instant::now() + budget + self.patience;
        let mut told = None;
        loop {
            tokio::select! {
                biased;
                () = self.revoked.cancelled() => return Supervised::Lost,
                order = next_order(&mut self.orders) => {
                    let Some(reason) = order.reason() else { continue };
                    if reason == StopReason::Lost {
                        return Supervised::Lost;
                    }
                    if order.is_at_once() {
                        return Supervised::Killed(reason);
                    }
                    told = Some(reason);
                    self.cancel.cancel();
                    kill_at = kill_at.min(Instant::now() + self.patience);
                }
                ended = &mut work => return match ended {
                    Ok(ended) => Supervised::Ended { ended, told },
                    Err(_) => Supervised::Panicked,
                },
                () = sleep_until(kill_at) => return told.map_or(Supervised::Overdue, Supervised::Killed),
            }
        }
    }
}

/// The next order. A dispatcher that is gone renews no lease any more.
async fn next_order(orders: &mut watch::Receiver<Order>) -> Order {
    match orders.changed().await {
        Ok(()) => *orders.borrow_and_update(),
        Err(_) => Order::stop(StopReason::Lost),
    }
}
