//! Wake-ups: a hint that something changed, never the change itself.
//!
//! Whoever waits subscribes first and looks second, so that a change between the look and the wait is not missed; and
//! always waits with a limit, since a hint may get lost on its way from another process.

use std::time::Duration;

use tokio::sync::watch;

/// A subscription to changes in the store, by this process or another.
#[derive(Clone, Debug)]
pub struct Wake {
    receiver: watch::Receiver<u64>,
}

/// The other end: announces changes to every subscription.
#[derive(Clone, Debug)]
pub(crate) struct Waker {
    sender: watch::Sender<u64>,
}

impl Wake {
    /// Waits for a change after the last call (or the subscription), at most `limit`. True if there was one.
    pub async fn changed(&mut self, limit: Duration) -> bool {
        match tokio::time::timeout(limit, self.receiver.changed()).await {
            Ok(Ok(())) => true,
            // The store is closed: nothing will change any more, but the caller's own limit still holds.
            Ok(Err(_)) => {
                tokio::time::sleep(limit).await;
                false
            }
            Err(_) => false,
        }
    }
}

impl Waker {
    pub(crate) fn new() -> Self {
        Self { sender: watch::Sender::new(0) }
    }

    pub(crate) fn subscribe(&self) -> Wake {
        Wake { receiver: self.sender.subscribe() }
    }

    pub(crate) fn has_subscribers(&self) -> bool {
        self.sender.receiver_count() > 0
    }

    pub(crate) fn wake(&self) {
        self.sender.send_modify(|changes| *changes = changes.wrapping_add(1));
    }
}
