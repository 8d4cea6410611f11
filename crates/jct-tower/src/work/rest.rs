//! Between two looks: woken by a change, not more often than is worth it, and a jittered poll underneath.

use std::time::Duration;

use jct_store::{Store, StoreError, Wake};

use crate::work::{Causes, PollInterval};

/// When somebody who looks again and again looks next, and what is logged of looks that fail.
pub(super) struct Rest {
    /// INVARIANT: subscribed before the first look, so that a change between a look and a rest ends the rest at once.
    wake: Wake,
    poll: PollInterval,
    /// Changes that come in this time after a look are looked at together.
    gather: Duration,
    what: &'static str,
    failing: bool,
}

impl Rest {
    pub(super) fn new(store: &Store, gather: Duration, what: &'static str) -> Self {
        Self { wake: store.wake(), poll: PollInterval::new(), gather, what, failing: false }
    }

    /// Waits until looking again may help. May be dropped at any time.
    pub(super) async fn rest(&mut self) {
        tokio::time::sleep(self.gather).await;
        let limit = self.poll.wait(rand::random());
        if self.wake.changed(limit).await {
            self.poll.reset();
        }
    }

    /// Notes how a look went. An outage is one line when it begins and one when it ends, not one a look.
    pub(super) fn note(&mut self, looked: &Result<(), StoreError>) {
        match (looked, self.failing) {
            (Err(error), false) => log::warn!(cause:% = Causes(error); "{} failed", self.what),
            (Ok(()), true) => log::info!("{} works again", self.what),
            (Err(_), true) | (Ok(()), false) => {}
        }
        self.failing = looked.is_err();
    }
}
