//! Rows for whoever comes first: events, and messages to webhooks, that are due or whose leases ran out.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use jct_contract::Timestamp;

use super::Conn;
use super::event_primitives::locked;
use crate::schema_events::{events, webhook_deliveries};
use crate::types::Id;

/// Events of one rank that are due, the oldest first.
pub(super) async fn lock_due_events(conn: &mut Conn, rank: i64, now: Timestamp, limit: i64) -> QueryResult<Vec<Id>> {
    use events::dsl;
    let rows = dsl::events
        .filter(dsl::rank.eq(rank))
        .filter(dsl::next_attempt_at.le(now.as_micros()))
        .order((dsl::next_attempt_at, dsl::id))
        .limit(limit)
        .select(dsl::id);
    locked!(rows).load(conn).await
}

/// Events whose leases ran out, the longest dead first, and their tries.
pub(super) async fn lock_lapsed_events(conn: &mut Conn, now: Timestamp, limit: i64) -> QueryResult<Vec<(Id, i64)>> {
    use events::dsl;
    let rows = dsl::events
        .filter(dsl::expires_at.le(now.as_micros()))
        .order(dsl::expires_at)
        .limit(limit)
        .select((dsl::id, dsl::attempts));
    locked!(rows).load(conn).await
}

/// Messages to one webhook that are due, the oldest first.
pub(super) async fn lock_due_deliveries(
    conn: &mut Conn,
    webhook: Id,
    now: Timestamp,
    limit: i64,
) -> QueryResult<Vec<Id>> {
    use webhook_deliveries::dsl;
    let rows = dsl::webhook_deliveries
        .filter(dsl::webhook_id.eq(webhook))
        .filter(dsl::next_attempt_at.le(now.as_micros()))
        .order((dsl::next_attempt_at, dsl::id))
        .limit(limit)
        .select(dsl::id);
    locked!(rows).load(conn).await
}

/// Messages to one webhook whose leases ran out, and their tries.
pub(super) async fn lock_lapsed_deliveries(
    conn: &mut Conn,
    webhook: Id,
    now: Timestamp,
    limit: i64,
) -> QueryResult<Vec<(Id, i64)>> {
    use webhook_deliveries::dsl;
    let rows = dsl::webhook_deliveries
        .filter(dsl::expires_at.le(now.as_micros()))
        .filter(dsl::webhook_id.eq(webhook))
        .order(dsl::expires_at)
        .limit(limit)
        .select((dsl::id, dsl::attempts));
    locked!(rows).load(conn).await
}
