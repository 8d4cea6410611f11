//! The store's methods for events: taking them in, processing them, following what the tower itself does.

use jct_contract::{EventId, Principal, Timestamp};

use crate::command::{Answer, Command};
use crate::command_events::{EventAnswer, EventWrite};
use crate::model::{
    ClaimEvents, ClaimedEvent, EmittedEvent, EventFilter, EventPost, EventPosted, EventRecord, EventRedriven,
    EventSettled, EventSettlement, Page, PageStart, TailPage,
};
use crate::{Store, StoreError};

/// Sends a write of events and unpacks its one kind of answer.
macro_rules! write_event {
    ($self:ident, $write:expr => $answer:ident) => {
        match $self.event_write($write).await? {
            EventAnswer::$answer(answer) => Ok(answer),
            other => Err(StoreError::corrupt(format!("the writer answered {other:?}"))),
        }
    };
}

pub(crate) use write_event;

impl Store {
    pub(crate) async fn event_write(&self, write: EventWrite) -> Result<EventAnswer, StoreError> {
        match self.engine.write(Command::Event(Box::new(write))).await? {
            Answer::Event(answer) => Ok(*answer),
            other => Err(StoreError::corrupt(format!("the writer answered {other:?}"))),
        }
    }

    /// Keeps events; one answer each, in order. Durable when this returns.
    ///
    /// # Errors
    ///
    /// [`StoreError`]; then none of the events was kept, unless it is [`StoreError::OutcomeUnknown`].
    pub async fn events_post(&self, posts: Vec<EventPost>) -> Result<Vec<EventPosted>, StoreError> {
        write_event!(self, EventWrite::Post(posts) => Posted)
    }

    /// Keeps the tower's own events; those that are known stay as they are. Returns how many are new.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database cannot be written.
    pub async fn events_emit(&self, events: Vec<EmittedEvent>) -> Result<u64, StoreError> {
        let emitted: Result<Option<u64>, StoreError> = write_event!(self, EventWrite::Emit(events) => Emitted);
        Ok(emitted?.unwrap_or(0))
    }

    /// One event.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database cannot be read.
    pub async fn event_get(&self, id: EventId) -> Result<Option<EventRecord>, StoreError> {
        self.engine.event_get(id).await
    }

    /// A page of events, newest first. `limit` is at most 500.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database cannot be read.
    pub async fn event_list(
        &self,
        filter: EventFilter,
        start: PageStart,
        limit: u32,
    ) -> Result<Page<EventRecord>, StoreError> {
        self.engine.event_list(filter, start, limit).await
    }

    /// Whether a claim would find an event now. A read: an idle consumer writes nothing.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database cannot be read.
    pub async fn has_due_events(&self) -> Result<bool, StoreError> {
        self.engine.has_due_events().await
    }

    /// Leases up to `claim.limit` events: those whose consumer went away, then those that are due, the most urgent first
    /// and of those the oldest.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database cannot be written.
    pub async fn events_claim(&self, claim: ClaimEvents) -> Result<Vec<ClaimedEvent>, StoreError> {
        write_event!(self, EventWrite::Claim(claim) => Claimed)
    }

    /// Ends tries of events; one answer each, in order. What follows from an event is written with its end, once.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database cannot be written; settling again is then safe.
    pub async fn events_settle(&self, settlements: Vec<EventSettlement>) -> Result<Vec<EventSettled>, StoreError> {
        write_event!(self, EventWrite::Settle(settlements) => Settled)
    }

    /// Makes a failed or dead event pending again, with all its tries.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database cannot be written.
    pub async fn event_redrive(&self, id: EventId, by: Principal) -> Result<EventRedriven, StoreError> {
        write_event!(self, EventWrite::Redrive { id, by } => Redriven)
    }

    /// Up to which position of the audit log events were made of it.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database cannot be read.
    pub async fn tail_position(&self) -> Result<u64, StoreError> {
        self.engine.tail_position().await
    }

    /// The position up to which every entry of the audit log is there, if that is behind `after`.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database cannot be read.
    pub async fn tail_horizon(&self, after: u64) -> Result<Option<u64>, StoreError> {
        self.engine.tail_horizon(after).await
    }

    /// What the audit log says behind `after` and up to `horizon`: runs that wait for a review, and changes of tasks if
    /// they are wanted. At most `limit` entries.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database cannot be read.
    pub async fn tail_page(
        &self,
        after: u64,
        horizon: u64,
        with_tasks: bool,
        limit: u32,
    ) -> Result<TailPage, StoreError> {
        self.engine.tail_page((after, horizon), with_tasks, limit).await
    }

    /// Notes that the audit log was told from `from` to `page.through`, and keeps what was told. `None` if somebody else
    /// has told it meanwhile; nothing is kept then.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database cannot be written.
    pub async fn tail_advance(&self, from: u64, page: TailPage) -> Result<Option<u64>, StoreError> {
        write_event!(self, EventWrite::Tail { from, to: page.through, events: page.events } => Emitted)
    }

    /// Workers that were last seen at or after `since` and before `until`, that did not say goodbye, and that no event
    /// tells of yet.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database cannot be read.
    pub async fn lost_workers(&self, since: Timestamp, until: Timestamp) -> Result<Vec<EmittedEvent>, StoreError> {
        self.engine.lost_workers((since, until)).await
    }

    /// Attempts that have used up `percent` of their task's time budget, and that no event tells of yet.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database cannot be read.
    pub async fn near_budgets(&self, percent: u32) -> Result<Vec<EmittedEvent>, StoreError> {
        self.engine.near_budgets(percent).await
    }
}
