//! Everything that a process does about events while it runs.

use std::convert::Infallible;

use jct_store::Store;
use jct_webhook::Sender;

use super::{Courier, EventConsumer, EventServiceOptions, Lookout, Tail};

/// The consumer, the courier, the tail and the lookout of one process.
#[derive(Debug)]
pub struct EventServices {
    consumer: EventConsumer,
    courier: Courier,
    tail: Tail,
    lookout: Lookout,
}

impl EventServices {
    /// The services over the store.
    #[must_use]
    pub fn new(store: &Store, sender: Sender, options: &EventServiceOptions) -> Self {
        Self {
            consumer: EventConsumer::new(store.clone(), options),
            courier: Courier::new(store.clone(), sender),
            tail: Tail::new(store.clone(), options),
            lookout: Lookout::new(store.clone(), options),
        }
    }

    /// Runs them for as long as the future is polled. May be dropped at any time: what was under way is done again.
    pub async fn run(&self) -> Infallible {
        tokio::select! {
            never = self.consumer.run() => never,
            never = self.courier.run() => never,
            never = self.tail.run() => never,
            never = self.lookout.run() => never,
        }
    }
}
