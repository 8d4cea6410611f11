//! The writes that differ between the engines, for PostgreSQL: one statement for all rows of a kind.

use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{Array, BigInt, Bool, Nullable, Text};
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};
use jct_contract::Timestamp;
use jct_lifecycle::LeaseRef;

use super::{Conn, insert, insert_objects, object_primitives};
use crate::additions::Additions;
use crate::cached::Cached;
use crate::rows::{AttemptEndRow, EventRow, LeaseRow};
use crate::schema::audit_log;
use crate::types::{DbId, Id};

pub(super) use super::event_locks::{lock_due_deliveries, lock_due_events, lock_lapsed_deliveries, lock_lapsed_events};
pub(super) use super::event_primitives::{insert_bus, insert_bus_documents};
pub(super) use super::insert::insert_tasks;
pub(super) use super::insert_objects::insert_repos;
pub(super) use super::lanes::{due_work, lock_limits, take_ready};
pub(super) use super::object_primitives::{lock_issue, lock_issues, lock_objects, lock_run, lock_runs};

/// Writes what a step adds, each kind after those it refers to. Everything is sent before the first answer is awaited:
/// the server works it off in this order, and the step costs one round trip. Only here plans may be kept: that of an
/// insert, and of the look-ups behind its foreign keys, is the same for all values.
pub(super) async fn add(conn: &mut Conn, additions: &Additions) -> QueryResult<()> {
    let conn = &*conn;
    tokio::try_join!(
        biased;
        set(conn, "SET LOCAL plan_cache_mode = auto"),
        insert::insert_policies(conn, &additions.policies),
        insert::insert_lanes(conn, &additions.lanes),
        insert::insert_contents(conn, &additions.contents),
        insert::insert_admissions(conn, &additions.admissions),
        insert::insert_holds(conn, &additions.holds),
        insert::insert_ready(conn, &additions.ready),
        insert_objects::insert_snapshots(conn, &additions.snapshots),
        insert_objects::insert_issues(conn, &additions.issues),
        insert_objects::insert_packets(conn, &additions.packets),
        insert_objects::insert_runs(conn, &additions.runs),
        insert_objects::insert_artifacts(conn, &additions.artifacts),
        insert_objects::insert_evidence_packs(conn, &additions.evidence_packs),
        insert_objects::insert_review_decisions(conn, &additions.review_decisions),
        insert_objects::insert_issue_packets(conn, &additions.issue_packets),
        insert_objects::insert_issue_doctrine_refs(conn, &additions.issue_doctrine_refs),
        insert_objects::insert_issue_snapshots(conn, &additions.issue_snapshots),
        insert_objects::insert_run_packets(conn, &additions.run_packets),
        insert_objects::insert_run_doctrine_refs(conn, &additions.run_doctrine_refs),
        insert_objects::insert_packet_doctrine_refs(conn, &additions.packet_doctrine_refs),
        object_primitives::move_issues(conn, &additions.moved_issues),
        object_primitives::move_runs(conn, &additions.moved_runs),
        insert::insert_leases(conn, &additions.leases),
        insert::insert_attempts(conn, &additions.attempts),
        end_attempts(conn, &additions.ends),
        insert::insert_outcomes(conn, &additions.outcomes),
        insert::insert_events(conn, &additions.journal.events),
        insert::insert_audits(conn, &additions.journal.audits),
        set(conn, "SET LOCAL plan_cache_mode = force_custom_plan"),
    )?;
    Ok(())
}

async fn set(mut conn: &Conn, setting: &str) -> QueryResult<()> {
    conn.batch_execute(setting).await
}

/// The last position of the audit log once no transaction is under way that has taken one and has not committed. The
/// lock is the one that every writer shares, and goes again right after the look.
pub(super) async fn audit_horizon(conn: &mut Conn) -> QueryResult<Option<i64>> {
    let locked = conn.batch_execute("BEGIN; SELECT pg_advisory_xact_lock(73140102026)").await;
    let last = match locked {
        Ok(()) => audit_log::table.select(diesel::dsl::max(audit_log::position)).first(conn).await,
        Err(error) => Err(error),
    };
    conn.batch_execute("COMMIT").await?;
    last
}

/// Whoever seals, or changes the key that seals, is alone until the end of the transaction.
pub(super) async fn lock_seals(conn: &mut Conn) -> QueryResult<()> {
    conn.batch_execute("SELECT pg_advisory_xact_lock(73140102027)").await
}

pub(super) async fn insert_events(conn: &mut Conn, rows: &[EventRow]) -> QueryResult<()> {
    insert::insert_events(conn, rows).await
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

/// Forgets some of the affinities that are over.
pub(super) async fn prune_affinities(conn: &mut Conn, now: Timestamp, limit: i64) -> QueryResult<()> {
    Cached(
        sql_query(
            "DELETE FROM queue_affinities WHERE affinity_key IN (SELECT affinity_key FROM queue_affinities \
             WHERE held_until <= $1 ORDER BY held_until LIMIT $2 FOR UPDATE SKIP LOCKED)",
        )
        .bind::<BigInt, _>(now.as_micros())
        .bind::<BigInt, _>(limit),
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Writes the ends of attempts.
async fn end_attempts(mut conn: &Conn, ends: &[AttemptEndRow]) -> QueryResult<()> {
    if ends.is_empty() {
        return Ok(());
    }
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
    .execute(&mut conn)
    .await?;
    Ok(())
}
