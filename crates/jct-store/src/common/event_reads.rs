//! Reads of events.

use std::collections::HashMap;

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use jct_contract::{EventId, Timestamp};
use jct_event::EventPriority;
use uuid::Uuid;

use super::Conn;
use crate::StoreError;
use crate::model::{Cursor, EventFilter, EventRecord, Page, PageStart};
use crate::rows::BusRow;
use crate::schema_events::{event_documents, events};
use crate::types::Id;

/// The events of these rows with what they say, in the order of the rows.
pub(crate) async fn records(conn: &mut Conn, rows: Vec<BusRow>) -> Result<Vec<EventRecord>, StoreError> {
    let ids: Vec<Id> = rows.iter().map(|row| row.id).collect();
    let documents: Vec<(Id, String)> = event_documents::table
        .filter(event_documents::event_id.eq_any(ids))
        .select((event_documents::event_id, event_documents::document))
        .load(conn)
        .await?;
    let documents: HashMap<Id, String> = documents.into_iter().collect();
    rows.into_iter()
        .map(|row| {
            let document = documents.get(&row.id).ok_or_else(|| StoreError::corrupt("an event without a document"))?;
            row.into_record(document)
        })
        .collect()
}

pub(crate) async fn get(conn: &mut Conn, id: EventId) -> Result<Option<EventRecord>, StoreError> {
    let row: Option<BusRow> =
        events::table.find(Id::from(id)).select(BusRow::as_select()).first(conn).await.optional()?;
    match row {
        Some(row) => Ok(records(conn, vec![row]).await?.pop()),
        None => Ok(None),
    }
}

/// Events, newest first.
pub(crate) async fn list(
    conn: &mut Conn,
    filter: EventFilter,
    start: PageStart,
    limit: u32,
) -> Result<Page<EventRecord>, StoreError> {
    let mut query =
        events::table.order(events::id.desc()).limit(i64::from(limit) + 1).select(BusRow::as_select()).into_boxed();
    if let Some(status) = filter.status {
        query = query.filter(events::status.eq(status.as_str()));
    }
    if let Some(priority) = filter.priority {
        query = query.filter(events::priority.eq(priority.as_str()));
    }
    if let Some(source) = filter.source {
        query = query.filter(events::source.eq(source));
    }
    match filter.event_type.as_ref().map(|wanted| (wanted.as_str(), wanted.as_str().strip_suffix('*'))) {
        None | Some((_, Some(""))) => {}
        Some((exact, None)) => query = query.filter(events::event_type.eq(exact.to_owned())),
        // All types below `a.` lie between it and `a/`, which is the next character in the order of bytes.
        Some((_, Some(prefix))) => {
            let end = format!("{}/", prefix.trim_end_matches('.'));
            query = query.filter(events::event_type.gt(prefix.to_owned())).filter(events::event_type.lt(end));
        }
    }
    // An id carries the time it was made at, so that the time needs no index of its own.
    if let Some(after) = filter.created_after {
        query = query.filter(events::created_at.ge(after.as_micros())).filter(events::id.ge(first_id(after)));
    }
    if let Some(before) = filter.created_before {
        let end = first_id(before.after(std::time::Duration::from_millis(1)));
        query = query.filter(events::created_at.lt(before.as_micros())).filter(events::id.lt(end));
    }
    match start {
        PageStart::Offset(offset) => query = query.offset(i64::from(offset)),
        PageStart::After(cursor) => query = query.filter(events::id.lt(cursor.id())),
    }
    let mut rows: Vec<BusRow> = query.load(conn).await?;
    let more = rows.len() > limit as usize;
    rows.truncate(limit as usize);
    let next = rows.last().filter(|_| more).map(|last| Cursor::after_id(last.id));
    Ok(Page { items: records(conn, rows).await?, next })
}

/// An id before all that are made in or after the millisecond of `at`.
fn first_id(at: Timestamp) -> Id {
    let millis = u128::from(at.as_micros().max(0).unsigned_abs() / 1_000);
    Id(Uuid::from_u128(millis << 80))
}

/// Whether a claim would find something. A read: an idle consumer writes nothing.
pub(crate) async fn has_due(conn: &mut Conn, now: Timestamp) -> Result<bool, StoreError> {
    let ranks = EventPriority::ALL.map(|priority| i64::from(priority.rank()));
    let due = events::table
        .filter(events::rank.eq_any(ranks))
        .filter(events::next_attempt_at.le(now.as_micros()))
        .select(events::id)
        .first::<Id>(conn)
        .await
        .optional()?;
    if due.is_some() {
        return Ok(true);
    }
    let lapsed = events::table
        .filter(events::expires_at.le(now.as_micros()))
        .select(events::id)
        .first::<Id>(conn)
        .await
        .optional()?;
    Ok(lapsed.is_some())
}
