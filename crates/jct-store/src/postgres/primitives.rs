//! The writes that differ between the engines, for PostgreSQL: one statement for all rows of a kind.

use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{Array, BigInt, Bool, Nullable, Text};
use diesel_async::RunQueryDsl;
use jct_contract::Timestamp;
use jct_lifecycle::LeaseRef;

use super::Conn;
use super::cached::Cached;
use crate::context::Context;
use crate::model::ClaimFilter;
use crate::rows::{AttemptEndRow, LeaseRow, ReadyRow};
use crate::types::{DbId, Id};

pub(super) use super::insert::{
    insert_admissions, insert_attempts, insert_audits, insert_events, insert_holds, insert_leases, insert_outcomes,
    insert_ready, insert_tasks,
};

/// Takes up to `limit` due rows off the queue, oldest first. Rows that another writer is taking are passed over.
pub(super) async fn take_ready(
    conn: &mut Conn,
    context: Context<'_>,
    filter: &ClaimFilter,
    limit: i64,
) -> QueryResult<Vec<ReadyRow>> {
    let ClaimFilter::Executors(only) = filter else {
        return super::bound::take_any(conn, context, limit).await;
    };
    let rows = Cached(
        sql_query(
            "WITH due AS MATERIALIZED (SELECT task_id FROM task_ready WHERE run_at <= $1 AND executor = ANY($3) \
         ORDER BY run_at, task_id LIMIT $2 FOR UPDATE SKIP LOCKED) \
         DELETE FROM task_ready r USING due WHERE r.task_id = due.task_id RETURNING r.*",
        )
        .bind::<BigInt, _>(context.now.as_micros())
        .bind::<BigInt, _>(limit)
        .bind::<Array<Text>, _>(only),
    )
    .load(conn)
    .await?;
    Ok(oldest_first(rows))
}

/// A DELETE returns its rows in any order.
pub(super) fn oldest_first(mut rows: Vec<ReadyRow>) -> Vec<ReadyRow> {
    rows.sort_unstable_by_key(|row| (row.run_at, row.task_id));
    rows
}

/// The columns of fences, in the order of ids, so that writers lock rows in one order.
fn columns(leases: &[LeaseRef]) -> (Vec<Id>, Vec<i64>, Vec<i64>) {
    let mut sorted = leases.to_vec();
    sorted.sort_unstable();
    sorted.iter().map(|lease| (Id::from(lease.task_id), lease.fence.epoch, lease.fence.generation)).collect()
}

/// The build that must fail: a test shows that the suite notices when the fence is gone.
const SAME_FENCE: &str =
    if cfg!(jct_broken_fence) { "TRUE" } else { "l.epoch = f.epoch AND l.generation = f.generation" };

/// Takes away the leases that are alive and carry exactly these fences.
pub(super) async fn take_leases(conn: &mut Conn, leases: &[LeaseRef], now: Timestamp) -> QueryResult<Vec<LeaseRow>> {
    let (ids, epochs, generations) = columns(leases);
    Cached(
        sql_query(format!(
            "DELETE FROM task_leases l USING unnest($1, $2, $3) AS f (task_id, epoch, generation) \
         WHERE l.task_id = f.task_id AND {SAME_FENCE} AND l.expires_at > $4 RETURNING l.*",
        ))
        .bind::<Array<DbId>, _>(ids)
        .bind::<Array<BigInt>, _>(epochs)
        .bind::<Array<BigInt>, _>(generations)
        .bind::<BigInt, _>(now.as_micros()),
    )
    .load(conn)
    .await
}

#[derive(QueryableByName)]
struct Held {
    #[diesel(sql_type = DbId)]
    task_id: Id,
    #[diesel(sql_type = Bool)]
    cancel_requested: bool,
}

/// Renews the leases that are alive, carry exactly these fences and belong to the worker; returns for each whether its
/// cancellation was asked for.
pub(super) async fn extend_leases(
    conn: &mut Conn,
    now: Timestamp,
    worker_id: Id,
    leases: &[LeaseRef],
    expires_at: Timestamp,
) -> QueryResult<Vec<(Id, bool)>> {
    let (ids, epochs, generations) = columns(leases);
    let held: Vec<Held> = Cached(
        sql_query(
            "UPDATE task_leases l SET expires_at = $4 FROM unnest($1, $2, $3) AS f (task_id, epoch, generation) \
         WHERE l.task_id = f.task_id AND l.epoch = f.epoch AND l.generation = f.generation \
         AND l.worker_id = $5 AND l.expires_at > $6 \
         RETURNING l.task_id, l.cancel_requested_at IS NOT NULL AS cancel_requested",
        )
        .bind::<Array<DbId>, _>(ids)
        .bind::<Array<BigInt>, _>(epochs)
        .bind::<Array<BigInt>, _>(generations)
        .bind::<BigInt, _>(expires_at.as_micros())
        .bind::<DbId, _>(worker_id)
        .bind::<BigInt, _>(now.as_micros()),
    )
    .load(conn)
    .await?;
    Ok(held.into_iter().map(|held| (held.task_id, held.cancel_requested)).collect())
}

/// Takes away up to `limit` leases that ran out, the longest dead first.
pub(super) async fn take_expired(conn: &mut Conn, now: Timestamp, limit: i64) -> QueryResult<Vec<LeaseRow>> {
    Cached(
        sql_query(
            "WITH expired AS MATERIALIZED (SELECT task_id FROM task_leases WHERE expires_at <= $1 \
         ORDER BY expires_at, task_id LIMIT $2 FOR UPDATE SKIP LOCKED) \
         DELETE FROM task_leases l USING expired WHERE l.task_id = expired.task_id RETURNING l.*",
        )
        .bind::<BigInt, _>(now.as_micros())
        .bind::<BigInt, _>(limit),
    )
    .load(conn)
    .await
}

/// Writes the ends of attempts.
pub(super) async fn end_attempts(conn: &mut Conn, ends: &[AttemptEndRow]) -> QueryResult<()> {
    macro_rules! column {
        ($name:ident) => {
            ends.iter().map(|end| end.$name.clone()).collect::<Vec<_>>()
        };
    }
    Cached(
        sql_query(
            "UPDATE attempts a SET ended_at = e.ended_at, reason = e.reason, message = e.message, \
         next_status = e.next_status, settle_digest = e.settle_digest, trace_path = e.trace_path, \
         manifest_digest = e.manifest_digest \
         FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9) AS e (task_id, ordinal, ended_at, reason, message, \
         next_status, settle_digest, trace_path, manifest_digest) \
         WHERE a.task_id = e.task_id AND a.ordinal = e.ordinal",
        )
        .bind::<Array<DbId>, _>(column!(task_id))
        .bind::<Array<BigInt>, _>(column!(ordinal))
        .bind::<Array<BigInt>, _>(column!(ended_at))
        .bind::<Array<Text>, _>(column!(reason))
        .bind::<Array<Nullable<Text>>, _>(column!(message))
        .bind::<Array<Text>, _>(column!(next_status))
        .bind::<Array<Nullable<Text>>, _>(column!(settle_digest))
        .bind::<Array<Nullable<Text>>, _>(column!(trace_path))
        .bind::<Array<Nullable<Text>>, _>(column!(manifest_digest)),
    )
    .execute(conn)
    .await?;
    Ok(())
}
