//! Everything that a process does about events while it runs.

use std::convert::Infallible;

use jct_store::Store;
use jct_webhook::Sender;

use super::{Courier, EventConsumer, EventServiceOptions, Lookout, Tail};
use crate::status::Services;

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

    /// Tells of their turns.
    #[must_use]
    pub fn reporting(self, services: &Services) -> Self {
        let Self { consumer, courier, tail, lookout } = self;
        Self {
            consumer: consumer.reporting(services.register("event_consumer")),
            courier: courier.reporting(services.register("webhook_courier")),
            tail: tail.reporting(services.register("audit_tail")),
            lookout: lookout.reporting(services.register("lookout")),
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
