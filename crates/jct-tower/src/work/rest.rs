//! Between two looks: woken by a change, not more often than is worth it, and a jittered poll underneath.

use std::time::Duration;

use jct_store::{Store, StoreError, Wake};

use super::{Outage, PollInterval};
use crate::status::Service;

/// When somebody who looks again and again looks next, and what is told of looks that fail.
pub(crate) struct Rest<'s> {
    /// INVARIANT: subscribed before the first look, so that a change between a look and a rest ends the rest at once.
    wake: Wake,
    poll: PollInterval,
    /// Changes that come in this time after a look are looked at together.
    gather: Duration,
    outage: Outage<'s>,
}

impl<'s> Rest<'s> {
    pub(crate) fn new(store: &Store, gather: Duration, what: &'static str, service: Option<&'s Service>) -> Self {
        Self { wake: store.wake(), poll: PollInterval::new(), gather, outage: Outage::new(what, service) }
    }

    /// Waits until looking again may help. May be dropped at any time.
    pub(crate) async fn rest(&mut self) {
        self.rest_at_most(Duration::MAX).await;
    }

    /// The same, and not longer than `limit`.
    pub(crate) async fn rest_at_most(&mut self, limit: Duration) {
        tokio::time::sleep(self.gather.min(limit)).await;
        let wait = self.poll.wait(rand::random()).min(limit);
        if self.wake.changed(wait).await {
            self.poll.reset();
        }
    }

    /// Notes how a look went.
    pub(crate) fn note<T>(&mut self, looked: &Result<T, StoreError>) {
        self.outage.note(looked);
    }
}
