//! Between two looks: woken by a change, not more often than is worth it, and a jittered poll underneath.

use std::time::Duration;

use jct_store::{Store, StoreError, Wake};

use super::{Causes, PollInterval};
use crate::status::Service;

/// When somebody who looks again and again looks next, and what is told of looks that fail.
pub(crate) struct Rest<'s> {
    /// INVARIANT: subscribed before the first look, so that a change between a look and a rest ends the rest at once.
    wake: Wake,
    poll: PollInterval,
    /// Changes that come in this time after a look are looked at together.
    gather: Duration,
    what: &'static str,
    failing: bool,
    service: Option<&'s Service>,
}

impl<'s> Rest<'s> {
    pub(crate) fn new(store: &Store, gather: Duration, what: &'static str, service: Option<&'s Service>) -> Self {
        Self { wake: store.wake(), poll: PollInterval::new(), gather, what, failing: false, service }
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

    /// Notes how a look went. An outage is one line when it begins and one when it ends, not one a look.
    pub(crate) fn note(&mut self, looked: &Result<(), StoreError>) {
        if let Some(service) = self.service {
            match looked {
                Ok(()) => service.turned(),
                Err(_) => service.failed("the database does not answer"),
            }
        }
        match (looked, self.failing) {
            (Err(error), false) => log::warn!(cause:% = Causes(error); "{} failed", self.what),
            (Ok(()), true) => log::info!("{} works again", self.what),
            (Err(_), true) | (Ok(()), false) => {}
        }
        self.failing = looked.is_err();
    }
}
