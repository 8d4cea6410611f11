//! What differs between the engines about events, for SQLite: one writer at a time, so that what is read in a transaction
//! is locked.

use std::collections::HashSet;

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use jct_contract::Timestamp;

use super::Conn;
use crate::rows::{BusDocumentRow, BusRow};
use crate::schema_events::{event_documents, events, webhook_deliveries};
use crate::types::Id;

/// Inserts events whose key is free; returns the ids of those.
pub(super) async fn insert_bus(conn: &mut Conn, rows: &[BusRow]) -> QueryResult<HashSet<Id>> {
    let mut inserted = HashSet::with_capacity(rows.len());
    for row in rows {
        let done =
            diesel::insert_into(events::table).values(row.clone()).on_conflict_do_nothing().execute(conn).await?;
        if done > 0 {
            inserted.insert(row.id);
        }
    }
    Ok(inserted)
}

pub(super) async fn insert_bus_documents(conn: &mut Conn, rows: &[BusDocumentRow]) -> QueryResult<()> {
    for row in rows {
        diesel::insert_into(event_documents::table).values(row.clone()).execute(conn).await?;
    }
    Ok(())
}

/// Events of one rank that are due, the oldest first.
pub(super) async fn lock_due_events(conn: &mut Conn, rank: i64, now: Timestamp, limit: i64) -> QueryResult<Vec<Id>> {
    use events::dsl;
    dsl::events
        .filter(dsl::rank.eq(rank))
        .filter(dsl::next_attempt_at.le(now.as_micros()))
        .order((dsl::next_attempt_at, dsl::id))
        .limit(limit)
        .select(dsl::id)
        .load(conn)
        .await
}

/// Events whose leases ran out, the longest dead first, and their tries.
pub(super) async fn lock_lapsed_events(conn: &mut Conn, now: Timestamp, limit: i64) -> QueryResult<Vec<(Id, i64)>> {
    use events::dsl;
    dsl::events
        .filter(dsl::expires_at.le(now.as_micros()))
        .order(dsl::expires_at)
        .limit(limit)
        .select((dsl::id, dsl::attempts))
        .load(conn)
        .await
}

/// Messages to one webhook that are due, the oldest first.
pub(super) async fn lock_due_deliveries(
    conn: &mut Conn,
    webhook: Id,
    now: Timestamp,
    limit: i64,
) -> QueryResult<Vec<Id>> {
    use webhook_deliveries::dsl;
    dsl::webhook_deliveries
        .filter(dsl::webhook_id.eq(webhook))
        .filter(dsl::next_attempt_at.le(now.as_micros()))
        .order((dsl::next_attempt_at, dsl::id))
        .limit(limit)
        .select(dsl::id)
        .load(conn)
        .await
}

/// Messages to one webhook whose leases ran out, and their tries.
pub(super) async fn lock_lapsed_deliveries(
    conn: &mut Conn,
    webhook: Id,
    now: Timestamp,
    limit: i64,
) -> QueryResult<Vec<(Id, i64)>> {
    use webhook_deliveries::dsl;
    dsl::webhook_deliveries
        .filter(dsl::expires_at.le(now.as_micros()))
        .filter(dsl::webhook_id.eq(webhook))
        .order(dsl::expires_at)
        .limit(limit)
        .select((dsl::id, dsl::attempts))
        .load(conn)
        .await
}
