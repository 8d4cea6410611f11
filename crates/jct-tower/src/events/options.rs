//! What is configured about events.

use std::time::Duration;

use jct_event::webhook::AddressRules;
use jct_lifecycle::RetryPolicy;

/// What taking in events and webhooks needs to know.
#[derive(Clone, Debug, Default)]
pub struct EventOptions {
    /// Where webhooks may lead.
    pub addresses: AddressRules,
}

/// Whether changes of tasks become events. They are many, so that they are not told to nobody.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TaskChanges {
    /// While an active webhook or workflow wants to be told.
    #[default]
    Subscribed,
    /// Whether anybody wants it or not.
    Always,
    /// Never.
    Never,
}

/// What processing events needs to know.
#[derive(Clone, Debug)]
pub struct EventServiceOptions {
    /// The name under which this process takes events.
    pub consumer: String,
    /// How often, and how fast, an event is tried again.
    pub retry: RetryPolicy,
    /// Whether changes of tasks become events.
    pub task_changes: TaskChanges,
    /// After how long without a sign of life a worker is lost.
    pub worker_lost_after: Duration,
}

impl Default for EventServiceOptions {
    /// Five tries, 2 seconds doubling up to 5 minutes; changes of tasks for those who want them; a worker is lost after
    /// three signs of life that did not come.
    fn default() -> Self {
        Self {
            consumer: "tower".to_owned(),
            retry: RetryPolicy { max_attempts: 5, base: Duration::from_secs(2), cap: Duration::from_secs(300) },
            task_changes: TaskChanges::default(),
            worker_lost_after: crate::work::PRESENCE_INTERVAL * 3,
        }
    }
}
