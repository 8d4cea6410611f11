//! The writes that differ between the engines, for SQLite: prepared statements, row by row, in one transaction.

use std::collections::HashSet;

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use jct_contract::Timestamp;
use jct_lifecycle::LeaseRef;

use super::Conn;
use crate::context::Context;
use crate::model::ClaimFilter;
use crate::rows::{
    AdmissionRow, AttemptEndRow, AttemptRow, AuditRow, EventRow, HoldRow, LeaseRow, OutcomeRow, ReadyRow, TaskRow,
};
use crate::schema::{
    admissions, attempts, audit_log, task_events, task_holds, task_leases, task_outcomes, task_ready, tasks,
};
use crate::types::Id;

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

/// Takes up to `limit` due rows off the queue, oldest first.
pub(super) async fn take_ready(
    conn: &mut Conn,
    context: Context<'_>,
    filter: &ClaimFilter,
    limit: i64,
) -> QueryResult<Vec<ReadyRow>> {
    use task_ready::dsl;
    let mut due = task_ready::table.filter(dsl::run_at.le(context.now.as_micros())).into_boxed();
    if let ClaimFilter::Executors(only) = filter {
        due = due.filter(dsl::executor.eq_any(only.clone()));
    }
    let rows: Vec<ReadyRow> =
        due.order((dsl::run_at, dsl::task_id)).limit(limit).select(ReadyRow::as_select()).load(conn).await?;
    for row in &rows {
        diesel::delete(task_ready::table.find(row.task_id)).execute(conn).await?;
    }
    Ok(rows)
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

/// Writes the ends of attempts.
pub(super) async fn end_attempts(conn: &mut Conn, ends: &[AttemptEndRow]) -> QueryResult<()> {
    for end in ends {
        diesel::update(attempts::table.find((end.task_id, end.ordinal))).set(end.clone()).execute(conn).await?;
    }
    Ok(())
}
