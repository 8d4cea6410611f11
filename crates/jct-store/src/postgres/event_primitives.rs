//! What differs between the engines about events, for PostgreSQL: inserts as columns, and locks that step over what
//! another writer has.

use std::collections::HashSet;

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::Array;
use diesel_async::RunQueryDsl;
use jct_contract::Timestamp;

use super::Conn;
use super::insert::{Column, statement};
use crate::rows::{BusDocumentRow, BusRow};
use crate::schema_events::{events, webhook_deliveries};
use crate::types::{DbId, Id};

statement! {
    InsertBus(BusRow) into "events", ") ON CONFLICT DO NOTHING RETURNING id";
    id: Id, event_type: String, source: String, event_key: Option<String>, digest: String, priority: String, rank: i64,
    status: String, created_by_kind: String, created_by: String, created_at: i64, depth: i64, cause: Option<String>,
    attempts: i64, next_attempt_at: Option<i64>, epoch: i64, generation: i64, expires_at: Option<i64>,
    processed_at: Option<i64>, processed_by: Option<String>, result: Option<String>, error: Option<String>,
}

statement! {
    InsertBusDocuments(BusDocumentRow) into "event_documents", ")";
    event_id: Id, document: String,
}

impl Query for InsertBus<'_> {
    type SqlType = DbId;
}

/// Inserts events whose key is free; returns the ids of those.
pub(super) async fn insert_bus(conn: &mut Conn, rows: &[BusRow]) -> QueryResult<HashSet<Id>> {
    let ids: Vec<Id> = InsertBus::from(rows).get_results(conn).await?;
    Ok(ids.into_iter().collect())
}

pub(super) async fn insert_bus_documents(conn: &mut Conn, rows: &[BusDocumentRow]) -> QueryResult<()> {
    if !rows.is_empty() {
        InsertBusDocuments::from(rows).execute(conn).await?;
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
        .for_update()
        .skip_locked()
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
        .for_update()
        .skip_locked()
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
        .for_update()
        .skip_locked()
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
        .for_update()
        .skip_locked()
        .load(conn)
        .await
}
