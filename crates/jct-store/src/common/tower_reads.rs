//! Reads about the tower: the queue at a glance, workers, keys.

use std::collections::HashMap;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable};
use diesel_async::RunQueryDsl;
use jct_contract::{Sha256Digest, TaskId, Timestamp};
use jct_lifecycle::TaskStatus;

use super::Conn;
use crate::StoreError;
use crate::model::{ApiKeyRecord, FinishedTask, IncidentCounts, Pause, QueuePosition, QueueStatus, WorkerRecord};
use crate::rows::{ApiKeyRow, LaneRow, PauseRow, WorkerRow, time, to_reason};
use crate::schema::{
    api_keys, attempts, audit_log, database_meta, queue_pauses, task_leases, task_outcomes, task_ready, workers,
};
use crate::schema_jobs::queue_lanes;
use crate::types::Id;

/// Counts stop here: an exact count of a large history is not worth its price.
const COUNT_LIMIT: i64 = 100_000;
/// A place in line stops here.
const AHEAD_LIMIT: i64 = 10_000;

/// Counts at most `limit` rows of a query.
macro_rules! count_up_to {
    ($conn:expr, $limit:expr, $query:expr, $id:expr) => {{
        let ids: Vec<Id> = $query.select($id).limit($limit).load($conn).await?;
        ids.len() as u64
    }};
}

/// The time leases are judged by.
pub(crate) async fn now(_conn: &mut Conn, now: Timestamp) -> Result<Timestamp, StoreError> {
    Ok(now)
}

/// The life of the database, raised when a backup is restored.
pub(crate) async fn epoch(conn: &mut Conn) -> Result<i64, StoreError> {
    let text: String = database_meta::table.find("epoch").select(database_meta::value).first(conn).await?;
    parse_epoch(&text)
}

pub(crate) fn parse_epoch(text: &str) -> Result<i64, StoreError> {
    text.parse().map_err(|_| StoreError::corrupt(format!("epoch `{text}`")))
}

pub(crate) async fn queue_status(conn: &mut Conn, now: Timestamp) -> Result<QueueStatus, StoreError> {
    let depth = depth(conn).await?;
    // Lane by lane, since that is how the queue is ordered.
    let later = format!("r.lane_id = l.id AND r.run_at > {}", now.as_micros());
    let not_due = count_some(conn, "queue_lanes l CROSS JOIN task_ready r", &later).await?;
    let oldest = oldest_run_at(conn).await?.filter(|oldest| *oldest <= now.as_micros());
    let paused: Option<PauseRow> = queue_pauses::table.select(PauseRow::as_select()).first(conn).await.optional()?;
    Ok(QueueStatus { depth, not_due, oldest_ready_at: oldest.map(time), paused: paused.map(Pause::from) })
}

fn counted(count: i64) -> u64 {
    u64::try_from(count).unwrap_or(0)
}

/// Tasks by status, in the order of [`TaskStatus::ALL`]. One statement and so one moment: a task that moves from one
/// table to another meanwhile is counted, and once.
async fn depth(conn: &mut Conn) -> Result<[u64; TaskStatus::ALL.len()], StoreError> {
    let mut place = 0;
    let counts = TaskStatus::ALL.map(|status| {
        let (table, condition) = match status {
            TaskStatus::Pending => ("task_holds", "TRUE"),
            TaskStatus::Queued => ("task_ready", "TRUE"),
            TaskStatus::Running => ("task_leases", "TRUE"),
            TaskStatus::Completed => ("task_outcomes", "status = 'completed'"),
            TaskStatus::Failed => ("task_outcomes", "status = 'failed'"),
            TaskStatus::Cancelled => ("task_outcomes", "status = 'cancelled'"),
        };
        place += 1;
        format!("SELECT {place} AS place, entries FROM ({}) AS counted", count_of_some(table, condition))
    });
    // In parallel, PostgreSQL may give them in any order.
    let counts = format!("{} ORDER BY place", counts.join(" UNION ALL "));
    let counts: Vec<Count> = diesel::sql_query(counts).load(conn).await?;
    let mut depth = [0; TaskStatus::ALL.len()];
    depth.iter_mut().zip(counts).for_each(|(depth, count)| *depth = counted(count.entries));
    Ok(depth)
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    entries: i64,
}

/// The statement that counts rows, up to [`COUNT_LIMIT`]. Both texts are our own, never a caller's.
fn count_of_some(table: &str, condition: &str) -> String {
    // diesel cannot count a limited selection.
    format!(
        "SELECT count(*) AS entries FROM (SELECT 1 FROM {table} WHERE {condition} LIMIT {COUNT_LIMIT}) AS some_rows"
    )
}

async fn count_some(conn: &mut Conn, table: &str, condition: &str) -> Result<u64, StoreError> {
    let count: Count = diesel::sql_query(count_of_some(table, condition)).get_result(conn).await?;
    Ok(counted(count.entries))
}

/// When the first of all queued tasks may run.
async fn oldest_run_at(conn: &mut Conn) -> Result<Option<i64>, StoreError> {
    #[derive(QueryableByName)]
    struct Oldest {
        #[diesel(sql_type = Nullable<BigInt>)]
        run_at: Option<i64>,
    }
    let oldest: Oldest = diesel::sql_query(
        "SELECT min((SELECT min(r.run_at) FROM task_ready r WHERE r.lane_id = l.id)) AS run_at FROM queue_lanes l",
    )
    .get_result(conn)
    .await?;
    Ok(oldest.run_at)
}

/// Tasks that ended in `after < finished_at <= until`, oldest first.
pub(crate) async fn outcomes_between(
    conn: &mut Conn,
    after: Timestamp,
    until: Timestamp,
    limit: u32,
) -> Result<Vec<FinishedTask>, StoreError> {
    type Row = (Id, String, String, Option<i64>, Option<i64>, i64);
    let rows: Vec<Row> = task_outcomes::table
        .filter(task_outcomes::finished_at.gt(after.as_micros()))
        .filter(task_outcomes::finished_at.le(until.as_micros()))
        .order(task_outcomes::finished_at)
        .limit(i64::from(limit))
        .select((
            task_outcomes::task_id,
            task_outcomes::status,
            task_outcomes::reason,
            task_outcomes::queued_at,
            task_outcomes::started_at,
            task_outcomes::finished_at,
        ))
        .load(conn)
        .await?;
    rows.into_iter()
        .map(|(task_id, status, reason, queued_at, started_at, finished_at)| {
            Ok(FinishedTask {
                task_id: task_id.into(),
                status: status.parse().map_err(|_| StoreError::corrupt(format!("status `{status}`")))?,
                reason: to_reason(&reason)?,
                queued_at: queued_at.map(time),
                started_at: started_at.map(time),
                finished_at: time(finished_at),
            })
        })
        .collect()
}

pub(crate) async fn incident_counts(conn: &mut Conn) -> Result<IncidentCounts, StoreError> {
    let leases_lost = attempts::table.filter(attempts::reason.eq("LEASE_LOST")).count().get_result(conn).await?;
    let refused = audit_log::table.filter(audit_log::action.eq("stale_write_refused")).count().get_result(conn).await?;
    Ok(IncidentCounts { leases_lost: counted(leases_lost), stale_writes_refused: counted(refused) })
}

pub(crate) async fn queue_position(
    conn: &mut Conn,
    now: Timestamp,
    id: TaskId,
) -> Result<Option<QueuePosition>, StoreError> {
    let place: Option<(i64, String, i64)> = task_ready::table
        .find(Id::from(id))
        .select((task_ready::run_at, task_ready::executor, task_ready::lane_id))
        .first(conn)
        .await
        .optional()?;
    let Some((run_at, executor, lane_id)) = place else { return Ok(None) };
    let own: LaneRow = queue_lanes::table.find(lane_id).select(LaneRow::as_select()).first(conn).await?;
    let like_it: Vec<(i64, i64)> = queue_lanes::table
        .filter(queue_lanes::job_type.eq(own.job_type).and(queue_lanes::capabilities.eq(own.capabilities)))
        .filter(queue_lanes::priority.ge(own.priority))
        .select((queue_lanes::id, queue_lanes::priority))
        .load(conn)
        .await?;
    let mut ahead = 0;
    for (lane, priority) in like_it {
        let mut before = task_ready::table
            .filter(task_ready::lane_id.eq(lane))
            .filter(task_ready::run_at.le(now.as_micros()))
            .into_boxed();
        if priority == own.priority {
            let earlier = task_ready::run_at.eq(run_at).and(task_ready::task_id.lt(Id::from(id)));
            before = before.filter(task_ready::run_at.lt(run_at).or(earlier));
        }
        ahead += count_up_to!(conn, AHEAD_LIMIT, before, task_ready::task_id);
    }
    let ahead = ahead.min(AHEAD_LIMIT.unsigned_abs());
    Ok(Some(QueuePosition { executor, ahead, task_id: id }))
}

pub(crate) async fn workers(conn: &mut Conn, seen_after: Timestamp) -> Result<Vec<WorkerRecord>, StoreError> {
    let rows: Vec<WorkerRow> = workers::table
        .filter(workers::stopped_at.is_null())
        .filter(workers::last_seen_at.gt(seen_after.as_micros()))
        .order((workers::name, workers::id))
        .select(WorkerRow::as_select())
        .load(conn)
        .await?;
    let running: Vec<(Option<Id>, i64)> = task_leases::table
        .group_by(task_leases::worker_id)
        .select((task_leases::worker_id, diesel::dsl::count_star()))
        .load(conn)
        .await?;
    let running: HashMap<Option<Id>, i64> = running.into_iter().collect();
    rows.into_iter()
        .map(|row| {
            let held = running.get(&Some(row.id)).copied().unwrap_or(0);
            row.into_record(held)
        })
        .collect()
}

pub(crate) async fn key_by_digest(conn: &mut Conn, digest: Sha256Digest) -> Result<Option<ApiKeyRecord>, StoreError> {
    let row: Option<ApiKeyRow> = api_keys::table
        .filter(api_keys::key_sha256.eq(digest.to_string()))
        .select(ApiKeyRow::as_select())
        .first(conn)
        .await
        .optional()?;
    row.map(ApiKeyRecord::try_from).transpose()
}

pub(crate) async fn key_list(conn: &mut Conn) -> Result<Vec<ApiKeyRecord>, StoreError> {
    let rows: Vec<ApiKeyRow> = api_keys::table.order(api_keys::name).select(ApiKeyRow::as_select()).load(conn).await?;
    rows.into_iter().map(ApiKeyRecord::try_from).collect()
}
