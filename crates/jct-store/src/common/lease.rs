//! Writes of a running attempt: heartbeats and events, each joined to its lease by task, fence and time.

use std::collections::HashMap;
use std::time::Duration;

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use jct_contract::Timestamp;
use jct_lifecycle::LeaseRef;

use super::{Conn, controls, primitives, refusal};
use crate::StoreError;
use crate::command::RecordAnswer;
use crate::context::Context;
use crate::model::{HeartbeatAnswer, NewEvent};
use crate::rows::{EventRow, to_u32, to_u64};
use crate::schema::task_leases::{self, dsl};
use crate::types::Id;

pub(crate) async fn heartbeat(
    conn: &mut Conn,
    context: Context<'_>,
    worker_id: Id,
    leases: &[LeaseRef],
    lease: Duration,
) -> Result<Vec<HeartbeatAnswer>, StoreError> {
    let expires_at = context.now.after(lease);
    let alive = context.of_this_epoch(leases);
    let mut held: HashMap<Id, bool> =
        primitives::extend_leases(conn, context.now, worker_id, &alive, expires_at).await?.into_iter().collect();
    let going_on = held.iter().filter(|(_, cancelled)| !**cancelled).map(|(id, _)| *id);
    for called_off in controls::call_off(conn, context, going_on.collect()).await? {
        held.insert(called_off, true);
    }
    Ok(leases
        .iter()
        .map(|lease| match held.get(&Id::from(lease.task_id)) {
            Some(&cancel_requested) => HeartbeatAnswer::Held { expires_at, cancel_requested },
            None => HeartbeatAnswer::Lost,
        })
        .collect())
}

pub(crate) async fn record(
    conn: &mut Conn,
    context: Context<'_>,
    lease: LeaseRef,
    events: &[NewEvent],
) -> Result<RecordAnswer, StoreError> {
    let count = i64::try_from(events.len()).unwrap_or(i64::MAX);
    let task_id = Id::from(lease.task_id);
    // Takes the numbers and proves the lease in one statement; the row stays locked until the commit.
    let numbers: Option<(i64, i64)> = diesel::update(task_leases::table.find(task_id))
        .filter(dsl::epoch.eq(lease.fence.epoch).and(dsl::epoch.eq(context.epoch)))
        .filter(dsl::generation.eq(lease.fence.generation))
        .filter(dsl::expires_at.gt(context.now.as_micros()))
        .set(dsl::event_seq.eq(dsl::event_seq + count))
        .returning((dsl::event_seq, dsl::attempt))
        .get_result(conn)
        .await
        .optional()?;
    let Some((last, attempt)) = numbers else {
        refusal::refuse_stale(conn, context, lease, "record").await?;
        return Ok(RecordAnswer::Stale);
    };
    let rows: Vec<EventRow> = events
        .iter()
        .zip(last - count + 1..)
        .map(|(event, seq)| EventRow {
            task_id,
            seq,
            at: event.at.as_micros(),
            kind: event.kind.as_str().to_owned(),
            attempt: Some(attempt),
            body: event.body.clone(),
        })
        .collect();
    primitives::insert_events(conn, &rows).await?;
    Ok(RecordAnswer::Recorded { last_seq: to_u64("event_seq", last)?, attempt: to_u32("attempt", attempt)? })
}

/// Whether the reaper has anything to do. A read.
pub(crate) async fn has_expired(conn: &mut Conn, now: Timestamp) -> Result<bool, StoreError> {
    let first: Option<Id> = task_leases::table
        .filter(dsl::expires_at.le(now.as_micros()))
        .select(dsl::task_id)
        .first(conn)
        .await
        .optional()?;
    Ok(first.is_some())
}
