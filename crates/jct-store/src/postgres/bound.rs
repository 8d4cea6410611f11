//! The moving lower bound of claims.
//!
//! Claimed rows stay behind as dead index entries for as long as any snapshot may see them. A claim that starts at the
//! front of the queue steps over all of them; one that starts where the last claim ended does not, and keeps its speed
//! while a long query or a backup runs. Rows may sort before the bound (another writer's commit came late, a task was
//! given back elsewhere), so the front is read again once a second, and whenever nothing was found behind the bound.

use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::BigInt;
use diesel_async::RunQueryDsl;

use super::Conn;
use super::cached::Cached;
use super::primitives::oldest_first;
use crate::context::{ClaimBound, Context};
use crate::rows::ReadyRow;
use crate::types::{DbId, Id};

/// How long the front of the queue may go unread, in microseconds.
const PROBE_EVERY: i64 = 1_000_000;

pub(super) async fn take_any(
    conn: &mut Conn,
    context: Context<'_>,
    level: &str,
    limit: i64,
) -> QueryResult<Vec<ReadyRow>> {
    let now = context.now.as_micros();
    let bound = with(context, |bound| bound.after.filter(|_| now - bound.probed_at < PROBE_EVERY));
    let mut taken = match bound {
        Some(after) => take_after(conn, now, level, limit, after).await?,
        None => Vec::new(),
    };
    if taken.is_empty() {
        taken = take_front(conn, now, level, limit).await?;
        with(context, |bound| bound.probed_at = now);
    }
    let taken = oldest_first(taken);
    let last = taken.last().map(|row| (row.run_at, row.task_id));
    with(context, |bound| bound.after = last.max(bound.after));
    Ok(taken)
}

fn with<T>(context: Context<'_>, use_it: impl FnOnce(&mut ClaimBound) -> T) -> T {
    let mut bound = context.shared.claim_bound.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    use_it(&mut bound)
}

async fn take_after(
    conn: &mut Conn,
    now: i64,
    level: &str,
    limit: i64,
    after: (i64, Id),
) -> QueryResult<Vec<ReadyRow>> {
    Cached(
        sql_query(format!(
            "WITH due AS MATERIALIZED (SELECT task_id FROM task_ready \
         WHERE run_at <= $1 AND (run_at, task_id) > ($3, $4){level} \
         AND NOT EXISTS (SELECT FROM queue_pauses) \
         ORDER BY run_at, task_id LIMIT $2 FOR UPDATE SKIP LOCKED) \
         DELETE FROM task_ready r USING due WHERE r.task_id = due.task_id RETURNING r.*",
        ))
        .bind::<BigInt, _>(now)
        .bind::<BigInt, _>(limit)
        .bind::<BigInt, _>(after.0)
        .bind::<DbId, _>(after.1),
    )
    .load(conn)
    .await
}

async fn take_front(conn: &mut Conn, now: i64, level: &str, limit: i64) -> QueryResult<Vec<ReadyRow>> {
    Cached(
        sql_query(format!(
            "WITH due AS MATERIALIZED (SELECT task_id FROM task_ready WHERE run_at <= $1{level} \
         AND NOT EXISTS (SELECT FROM queue_pauses) ORDER BY run_at, task_id LIMIT $2 FOR UPDATE SKIP LOCKED) \
         DELETE FROM task_ready r USING due WHERE r.task_id = due.task_id RETURNING r.*",
        ))
        .bind::<BigInt, _>(now)
        .bind::<BigInt, _>(limit),
    )
    .load(conn)
    .await
}
