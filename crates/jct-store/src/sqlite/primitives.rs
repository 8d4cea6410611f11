//! The writes that differ between the engines, for SQLite: prepared statements, row by row, in one transaction.

use std::collections::HashSet;

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use jct_contract::Timestamp;
use jct_lifecycle::LeaseRef;

use super::Conn;
use super::object_primitives::add_objects;
use crate::additions::Additions;
use crate::rows::{
    AdmissionRow, AttemptEndRow, AttemptRow, AuditRow, EventRow, HoldRow, LeaseRow, OutcomeRow, ReadyRow, TaskRow,
};
use crate::schema::{
    admissions, attempts, audit_log, policies, task_events, task_holds, task_leases, task_outcomes, task_ready, tasks,
};
use crate::schema_jobs::{manifest_contents, queue_affinities, queue_lanes};
use crate::types::Id;

pub(super) use super::event_locks::{lock_due_deliveries, lock_due_events, lock_lapsed_deliveries, lock_lapsed_events};
pub(super) use super::event_primitives::{insert_bus, insert_bus_documents};
pub(super) use super::lanes::{due_work, lock_limits, take_ready};
pub(super) use super::object_primitives::{insert_repos, lock_issue, lock_issues, lock_objects, lock_run, lock_runs};

macro_rules! inserts {
    ($($name:ident: $row:ty => $table:ident;)+) => {$(
        pub(super) async fn $name(conn: &mut Conn, rows: &[$row]) -> QueryResult<()> {
            for row in rows {
                diesel::insert_into($table::table).values(row.clone()).execute(conn).await?;
            }
            Ok(())
        }
    )+};
}

inserts! {
    insert_admissions: AdmissionRow => admissions;
    insert_holds: HoldRow => task_holds;
    insert_ready: ReadyRow => task_ready;
    insert_leases: LeaseRow => task_leases;
    insert_attempts: AttemptRow => attempts;
    insert_outcomes: OutcomeRow => task_outcomes;
    insert_events: EventRow => task_events;
    insert_audits: AuditRow => audit_log;
}

/// Writes what a step adds, each kind after those it refers to.
pub(super) async fn add(conn: &mut Conn, additions: &Additions) -> QueryResult<()> {
    for policy in &additions.policies {
        let policy = policy.clone();
        diesel::insert_into(policies::table).values(policy).on_conflict_do_nothing().execute(conn).await?;
    }
    for lane in &additions.lanes {
        let lane = lane.clone();
        diesel::insert_into(queue_lanes::table).values(lane).on_conflict_do_nothing().execute(conn).await?;
    }
    for content in &additions.contents {
        let content = content.clone();
        diesel::insert_into(manifest_contents::table).values(content).on_conflict_do_nothing().execute(conn).await?;
    }
    insert_admissions(conn, &additions.admissions).await?;
    insert_holds(conn, &additions.holds).await?;
    insert_ready(conn, &additions.ready).await?;
    add_objects(conn, additions).await?;
    insert_leases(conn, &additions.leases).await?;
    insert_attempts(conn, &additions.attempts).await?;
    end_attempts(conn, &additions.ends).await?;
    insert_outcomes(conn, &additions.outcomes).await?;
    insert_events(conn, &additions.journal.events).await?;
    insert_audits(conn, &additions.journal.audits).await
}

/// The last position of the audit log. One writer at a time takes positions, so what is committed has no gaps to fill.
pub(super) async fn audit_horizon(conn: &mut Conn) -> QueryResult<Option<i64>> {
    audit_log::table.select(diesel::dsl::max(audit_log::position)).first(conn).await
}

/// Whoever seals is alone: there is one writer at a time.
#[expect(clippy::unused_async, reason = "the queries shared with PostgreSQL await it")]
pub(super) async fn lock_seals(_conn: &mut Conn) -> QueryResult<()> {
    Ok(())
}

/// Inserts tasks whose idempotency key is free; returns the ids of those.
pub(super) async fn insert_tasks(conn: &mut Conn, rows: &[TaskRow]) -> QueryResult<HashSet<Id>> {
    let mut inserted = HashSet::with_capacity(rows.len());
    for row in rows {
        let done = diesel::insert_into(tasks::table).values(row.clone()).on_conflict_do_nothing().execute(conn).await?;
        if done > 0 {
            inserted.insert(row.id);
        }
    }
    Ok(inserted)
}

/// Takes away the leases that are alive and carry exactly these fences.
pub(super) async fn take_leases(conn: &mut Conn, leases: &[LeaseRef], now: Timestamp) -> QueryResult<Vec<LeaseRow>> {
    use task_leases::dsl;
    let mut taken = Vec::with_capacity(leases.len());
    for lease in leases {
        let take = diesel::delete(task_leases::table.find(Id::from(lease.task_id)))
            .filter(dsl::expires_at.gt(now.as_micros()));
        // The build that must fail: a test shows that the suite notices when the fence is gone.
        #[cfg(not(jct_broken_fence))]
        let take = take.filter(dsl::epoch.eq(lease.fence.epoch)).filter(dsl::generation.eq(lease.fence.generation));
        let row: Option<LeaseRow> = take.returning(LeaseRow::as_returning()).get_result(conn).await.optional()?;
        taken.extend(row);
    }
    Ok(taken)
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
    use task_leases::dsl;
    let mut held = Vec::with_capacity(leases.len());
    for lease in leases {
        let row: Option<(Id, Option<i64>)> = diesel::update(task_leases::table.find(Id::from(lease.task_id)))
            .filter(dsl::epoch.eq(lease.fence.epoch))
            .filter(dsl::generation.eq(lease.fence.generation))
            .filter(dsl::worker_id.eq(worker_id))
            .filter(dsl::expires_at.gt(now.as_micros()))
            .set(dsl::expires_at.eq(expires_at.as_micros()))
            .returning((dsl::task_id, dsl::cancel_requested_at))
            .get_result(conn)
            .await
            .optional()?;
        held.extend(row.map(|(id, cancel)| (id, cancel.is_some())));
    }
    Ok(held)
}

/// Takes away up to `limit` leases that ran out, the longest dead first.
pub(super) async fn take_expired(conn: &mut Conn, now: Timestamp, limit: i64) -> QueryResult<Vec<LeaseRow>> {
    use task_leases::dsl;
    let rows: Vec<LeaseRow> = task_leases::table
        .filter(dsl::expires_at.le(now.as_micros()))
        .order((dsl::expires_at, dsl::task_id))
        .limit(limit)
        .select(LeaseRow::as_select())
        .load(conn)
        .await?;
    for row in &rows {
        diesel::delete(task_leases::table.find(row.task_id)).execute(conn).await?;
    }
    Ok(rows)
}

/// Forgets some of the affinities that are over.
pub(super) async fn prune_affinities(conn: &mut Conn, now: Timestamp, limit: i64) -> QueryResult<()> {
    use queue_affinities::dsl;
    let over: Vec<String> = queue_affinities::table
        .filter(dsl::held_until.le(now.as_micros()))
        .order(dsl::held_until)
        .limit(limit)
        .select(dsl::affinity_key)
        .load(conn)
        .await?;
    for key in over {
        diesel::delete(queue_affinities::table.find(key)).execute(conn).await?;
    }
    Ok(())
}

/// Writes the ends of attempts.
async fn end_attempts(conn: &mut Conn, ends: &[AttemptEndRow]) -> QueryResult<()> {
    for end in ends {
        diesel::update(attempts::table.find((end.task_id, end.ordinal))).set(end.clone()).execute(conn).await?;
    }
    Ok(())
}
