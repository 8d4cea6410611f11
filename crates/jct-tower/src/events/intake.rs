//! Events on their way in, and what became of them.

use jct_contract::{EventId, Principal};
use jct_event::NewEvent;
use jct_store::StoreError;
use jct_store::model::{EventFilter, EventPost, EventPosted, EventRecord, EventRedriven, Page, PageStart};

use super::{PostEventError, ReadEventError, RedriveError};
use crate::Tower;

/// Longest idempotency key.
const KEY_MAX_CHARS: usize = 256;

/// Events that somebody hands in together: all of them are kept, or none.
#[derive(Clone, Debug)]
pub struct PostEvents {
    /// The events.
    pub events: Vec<NewEvent>,
    /// What makes a repetition the same, for one event whose source gave it no id.
    pub idempotency_key: Option<String>,
    /// Who was authenticated.
    pub principal: Principal,
}

impl Tower {
    /// Keeps events; one answer each, in order. Durable when this returns.
    ///
    /// # Errors
    /// [`PostEventError`]; nothing was kept, unless the store does not know.
    pub async fn events_post(&self, post: PostEvents) -> Result<Vec<EventPosted>, PostEventError> {
        let PostEvents { events, idempotency_key, principal } = post;
        let is_key =
            |key: &String| (1..=KEY_MAX_CHARS).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic());
        if idempotency_key.as_ref().is_some_and(|key| !is_key(key)) {
            return Err(PostEventError::IdempotencyKey);
        }
        let posts = events
            .into_iter()
            .map(|event| EventPost { event, idempotency_key: idempotency_key.clone(), by: principal.clone() })
            .collect();
        Ok(self.store().events_post(posts).await?)
    }

    /// One event.
    ///
    /// # Errors
    /// [`ReadEventError`].
    pub async fn event(&self, id: EventId) -> Result<EventRecord, ReadEventError> {
        self.store().event_get(id).await?.ok_or(ReadEventError::NotFound)
    }

    /// A page of events, newest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn events(
        &self,
        filter: EventFilter,
        start: PageStart,
        limit: u32,
    ) -> Result<Page<EventRecord>, StoreError> {
        self.store().event_list(filter, start, limit).await
    }

    /// Makes a failed or dead event pending again, with all its tries.
    ///
    /// # Errors
    /// [`RedriveError`].
    pub async fn event_redrive(&self, id: EventId, principal: Principal) -> Result<EventRecord, RedriveError> {
        match self.store().event_redrive(id, principal).await? {
            EventRedriven::Redriven(record) => Ok(*record),
            EventRedriven::NotFound => Err(RedriveError::NotFound),
            EventRedriven::Illegal(source) => Err(RedriveError::Illegal { id, source }),
        }
    }
}
