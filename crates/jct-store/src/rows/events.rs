//! Events as rows: what is looked for again and again, and beside it what an event says.

use diesel::prelude::*;
use jct_contract::{EventId, Timestamp, canonical_json};
use jct_event::{EventKey, EventStatus, NewEvent};
use jct_lifecycle::Fence;
use serde_json::Value;

use super::{time, to_principal, to_u32};
use crate::StoreError;
use crate::journal::Actor;
use crate::model::{EventCause, EventLease, EventRecord};
use crate::schema_events::{event_documents, events};
use crate::types::Id;

#[derive(Clone, Debug, Insertable, Queryable, Selectable)]
#[diesel(table_name = events)]
pub(crate) struct BusRow {
    pub(crate) id: Id,
    pub(crate) event_type: String,
    pub(crate) source: String,
    pub(crate) event_key: Option<String>,
    pub(crate) digest: String,
    pub(crate) priority: String,
    pub(crate) rank: i64,
    pub(crate) status: String,
    pub(crate) created_by_kind: String,
    pub(crate) created_by: String,
    pub(crate) created_at: i64,
    pub(crate) depth: i64,
    pub(crate) cause: Option<String>,
    pub(crate) attempts: i64,
    pub(crate) next_attempt_at: Option<i64>,
    pub(crate) epoch: i64,
    pub(crate) generation: i64,
    pub(crate) expires_at: Option<i64>,
    pub(crate) processed_at: Option<i64>,
    pub(crate) processed_by: Option<String>,
    pub(crate) result: Option<String>,
    pub(crate) error: Option<String>,
}

#[derive(Clone, Debug, Insertable, Queryable, Selectable)]
#[diesel(table_name = event_documents)]
pub(crate) struct BusDocumentRow {
    pub(crate) event_id: Id,
    pub(crate) document: String,
}

/// The column of a key. A source has no space in it, so that the two kinds of key never meet.
pub(crate) fn key_column(key: Option<EventKey>, idempotency_key: Option<&str>) -> Option<String> {
    match (key, idempotency_key) {
        (Some(EventKey { source, id }), _) => Some(format!("{source} {id}")),
        (None, Some(key)) => Some(format!(" {key}")),
        (None, None) => None,
    }
}

impl BusRow {
    /// A pending event that was taken in at `at` and is due at `now`.
    pub(crate) fn pending(
        event: &NewEvent,
        idempotency_key: Option<&str>,
        by: Actor<'_>,
        (at, now): (Timestamp, Timestamp),
    ) -> Self {
        Self {
            id: EventId::at(at).into(),
            event_type: event.event_type().to_string(),
            source: event.source().to_string(),
            event_key: key_column(event.key(), idempotency_key),
            digest: event.digest().to_string(),
            priority: event.priority().as_str().to_owned(),
            rank: i64::from(event.priority().rank()),
            status: EventStatus::Pending.as_str().to_owned(),
            created_by_kind: by.kind.to_owned(),
            created_by: by.name.to_owned(),
            created_at: at.as_micros(),
            depth: 0,
            cause: None,
            attempts: 0,
            // Not the creation time, which may run a few microseconds ahead of the clock: the event is due now.
            next_attempt_at: Some(now.as_micros()),
            epoch: 0,
            generation: 0,
            expires_at: None,
            processed_at: None,
            processed_by: None,
            result: None,
            error: None,
        }
    }

    /// The same as a consequence of something.
    pub(crate) fn caused(self, cause: Option<&EventCause>) -> Self {
        Self {
            depth: cause.map_or(0, |cause| i64::from(cause.depth) + 1),
            cause: cause.map(|cause| cause.by.clone()),
            ..self
        }
    }

    /// The same as one that nobody will process unless somebody redrives it.
    pub(crate) fn dead(self, error: String) -> Self {
        let status = EventStatus::Dead.as_str().to_owned();
        Self { status, next_attempt_at: None, error: Some(error), ..self }
    }

    pub(crate) fn document(&self, event: &NewEvent) -> BusDocumentRow {
        BusDocumentRow { event_id: self.id, document: canonical_json(&Value::Object(event.to_document())) }
    }

    pub(crate) fn lease(&self) -> EventLease {
        let fence = Fence { epoch: self.epoch, generation: self.generation };
        EventLease { event_id: self.id.into(), fence }
    }

    pub(crate) fn status(&self) -> Result<EventStatus, StoreError> {
        self.status.parse().map_err(|_| StoreError::corrupt(format!("status `{}` of an event", self.status)))
    }

    pub(crate) fn into_record(self, document: &str) -> Result<EventRecord, StoreError> {
        let event = NewEvent::from_stored(document.as_bytes())
            .map_err(|error| StoreError::corrupt(format!("event {}: {error}", self.id.0)))?;
        Ok(EventRecord {
            id: self.id.into(),
            event,
            status: self.status()?,
            created_by: to_principal(&self.created_by_kind, &self.created_by)?,
            created_at: time(self.created_at),
            depth: to_u32("depth", self.depth)?,
            cause: self.cause,
            attempts: to_u32("attempts", self.attempts)?,
            next_attempt_at: self.next_attempt_at.map(time),
            processed_at: self.processed_at.map(time),
            processed_by: self.processed_by,
            result: self.result,
            error: self.error,
        })
    }
}
