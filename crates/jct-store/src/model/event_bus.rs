//! Events as the tower keeps them: what comes in, what a consumer gets, and what becomes of them.

use std::time::Duration;

use jct_contract::{EventId, Principal, Timestamp, WebhookId};
use jct_event::{EventPriority, EventStatus, IllegalEventTransition, NewEvent, TowerEvent, TypeFilter};
use jct_lifecycle::Fence;

use super::NewWorkflowRun;

/// An event that somebody hands in.
#[derive(Clone, Debug)]
pub struct EventPost {
    /// The event.
    pub event: NewEvent,
    /// What makes a repetition the same, for an event whose source gave it no id; 1 to 256 characters.
    pub idempotency_key: Option<String>,
    /// Who was authenticated.
    pub by: Principal,
}

/// What became of an event that was handed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventPosted {
    /// It is kept.
    Created {
        /// Its id.
        id: EventId,
        /// When it was taken in.
        created_at: Timestamp,
    },
    /// It was kept before, under the same key.
    Replayed {
        /// The id of the first.
        id: EventId,
        /// When that one was taken in.
        created_at: Timestamp,
    },
    /// Another event has its key.
    KeyReused {
        /// The id of the other.
        id: EventId,
    },
}

/// What one of the tower's own events is a consequence of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventCause {
    /// What caused it, such as `event/<id>`, `workflow_run/<id>` or `task/<id>`.
    pub by: String,
    /// The depth of the event behind it.
    pub depth: u32,
}

/// One of the tower's own events, on its way into the table.
#[derive(Clone, Debug)]
pub struct EmittedEvent {
    /// What makes it the same event however often it is emitted, 1 to 256 characters.
    pub id: String,
    /// When it happened.
    pub at: Timestamp,
    /// What happened.
    pub event: TowerEvent,
    /// What it is a consequence of, if that was an event.
    pub cause: Option<EventCause>,
}

/// An event as it is kept.
#[derive(Clone, Debug, PartialEq)]
pub struct EventRecord {
    /// Its id.
    pub id: EventId,
    /// What was handed in.
    pub event: NewEvent,
    /// Where it is in its life.
    pub status: EventStatus,
    /// Who handed it in; the tower's own are by `system` `tower`.
    pub created_by: Principal,
    /// When it was taken in.
    pub created_at: Timestamp,
    /// Events of the tower between it and one from outside.
    pub depth: u32,
    /// What it is a consequence of.
    pub cause: Option<String>,
    /// Tries since it was taken in or redriven.
    pub attempts: u32,
    /// When it is tried next, exactly while it is pending.
    pub next_attempt_at: Option<Timestamp>,
    /// When a consumer last took it or ended it.
    pub processed_at: Option<Timestamp>,
    /// Which consumer that was.
    pub processed_by: Option<String>,
    /// What came of it, as JSON; exactly if it is completed.
    pub result: Option<String>,
    /// What went wrong the last time, unless it is completed.
    pub error: Option<String>,
}

/// Which events to list; a member that is absent limits nothing.
#[derive(Clone, Debug, Default)]
pub struct EventFilter {
    /// Where they are in their life.
    pub status: Option<EventStatus>,
    /// Of which type, or of which types.
    pub event_type: Option<TypeFilter>,
    /// How urgent.
    pub priority: Option<EventPriority>,
    /// From where.
    pub source: Option<String>,
    /// Taken in at or after this.
    pub created_after: Option<Timestamp>,
    /// Taken in before this.
    pub created_before: Option<Timestamp>,
}

/// The right to end one try of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EventLease {
    /// The event.
    pub event_id: EventId,
    /// Which try.
    pub fence: Fence,
}

/// A consumer asks for events.
#[derive(Clone, Debug)]
pub struct ClaimEvents {
    /// The consumer's name.
    pub consumer: String,
    /// How many at most.
    pub limit: u32,
    /// How long it may take over them.
    pub lease: Duration,
    /// Tries an event gets in all; one whose last consumer went away is dead.
    pub max_attempts: u32,
}

/// An event that a consumer has to end before its lease does.
#[derive(Clone, Debug)]
pub struct ClaimedEvent {
    /// The right to end it.
    pub lease: EventLease,
    /// When that right ends.
    pub expires_at: Timestamp,
    /// The event; its `attempts` count this try.
    pub record: EventRecord,
}

/// How a try ends.
#[derive(Clone, Debug)]
pub struct EventSettlement {
    /// The right to end it.
    pub lease: EventLease,
    /// How it ends.
    pub end: EventEnd,
}

impl EventSettlement {
    /// Whether anything follows from the event.
    #[must_use]
    pub fn has_effects(&self) -> bool {
        matches!(&self.end, EventEnd::Completed { effects, .. } if !effects.is_empty())
    }
}

/// How a try of an event ends.
#[derive(Clone, Debug)]
pub enum EventEnd {
    /// It is processed; what follows from it is written together with that.
    Completed {
        /// What follows from it.
        effects: EventEffects,
        /// A JSON object as text.
        result: String,
    },
    /// It cannot be processed, now or later.
    Failed {
        /// Why.
        error: String,
    },
    /// It may go better later.
    Retry {
        /// What went wrong.
        error: String,
        /// How long to wait.
        after: Duration,
    },
    /// There are no tries left.
    Dead {
        /// What went wrong the last time.
        error: String,
    },
}

/// What follows from an event.
#[derive(Clone, Debug, Default)]
pub struct EventEffects {
    /// The webhooks that are told; those that are gone by then are left out.
    pub deliveries: Vec<WebhookId>,
    /// The runs of workflows that are started; those that were started before, or must not be any more, are left out.
    pub runs: Vec<NewWorkflowRun>,
}

impl EventEffects {
    /// Whether nothing follows.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        let Self { deliveries, runs } = self;
        deliveries.is_empty() && runs.is_empty()
    }
}

/// What became of a settlement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventSettled {
    /// Accepted; this is what the event is now.
    Settled(EventStatus),
    /// The lease is gone; nothing was changed.
    Stale,
}

/// What became of a request to try an event again.
#[derive(Clone, Debug, PartialEq)]
pub enum EventRedriven {
    /// It is pending again.
    Redriven(Box<EventRecord>),
    /// No such event.
    NotFound,
    /// Not possible from its state.
    Illegal(IllegalEventTransition),
}

/// What somebody who follows the audit log reads of it.
#[derive(Clone, Debug)]
pub struct TailPage {
    /// What there is to tell, in the order of the log.
    pub events: Vec<EmittedEvent>,
    /// Up to which position that is all.
    pub through: u64,
}
