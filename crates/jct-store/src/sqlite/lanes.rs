//! Claims on SQLite: the lanes that fit, the most urgent first, until there is enough. One writer writes at a time, so
//! nothing is locked, and rows that are gone are gone.

use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{BigInt, Bool, Nullable, Text};
use diesel_async::RunQueryDsl;
use jct_contract::{IsolationLevel, JobType, Timestamp};

use super::Conn;
use crate::cached::Cached;
use crate::context::Context;
use crate::control_match::{needs_none_of, no_limit, task_is_free, worker_is_free};
use crate::model::DueWork;
use crate::rows::{Found, ReadyRow};
use crate::schema::task_ready;
use crate::types::DbId;
use crate::wish::Wish;

/// The lanes that fit: `?1` takes any task, `?2` what the worker has, `?3` its types, `?4` its level. Lists are arrays in
/// JSON; what a lane needs becomes one here. Whether the worker may have anything is [`may_claim`].
const FITTING: &str = "NOT EXISTS (SELECT 1 FROM queue_pauses) \
     AND ((?1 AND l.job_type = 'task') OR l.capabilities = '' OR NOT EXISTS (SELECT 1 FROM \
     json_each('[\"' || replace(l.capabilities, ' ', '\",\"') || '\"]') AS needed \
     WHERE needed.value NOT IN (SELECT value FROM json_each(?2)))) \
     AND (?3 IS NULL OR l.job_type IN (SELECT value FROM json_each(?3))) AND (?4 IS NULL OR l.isolation <= ?4)";

/// What of a lane's due rows is about an allowed repository: `?6` are the repositories.
const ALLOWED: &str = "EXISTS (SELECT 1 FROM tasks t, json_each(?6) AS allowed WHERE t.id = r.task_id \
     AND (t.target_repo = allowed.value \
     OR substr(t.target_repo, 1, length(allowed.value) + 1) = allowed.value || '/'))";

/// What of them is left to others: `?5` is now, `?7` the worker.
const FREE: &str = "(NOT l.keyed OR NOT EXISTS (SELECT 1 FROM queue_affinities a WHERE a.affinity_key = r.affinity_key \
     AND a.worker_id <> ?7 AND a.held_until > ?5))";

/// Whether the worker may have anything now: `worker` is its name, `full` the agents that are full, if they were counted.
fn may_claim(worker: &str, full: &str) -> String {
    format!("{} AND ({full} IS NOT NULL OR {})", worker_is_free(worker), no_limit(worker))
}

/// Whether a ready row may be taken: no control holds it, and it needs none of the agents that are full.
fn may_be_claimed(full: &str) -> String {
    let is_full = |name: &str| format!("({name}) IN (SELECT value FROM json_each({full}))");
    format!("{} AND ({full} IS NULL OR {})", task_is_free(), needs_none_of(is_full))
}

#[derive(QueryableByName)]
struct Lane {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = BigInt)]
    priority: i64,
    #[diesel(sql_type = Bool)]
    about_a_repository: bool,
}

fn json<T: serde::Serialize>(list: &[T]) -> String {
    serde_json::Value::from_iter(list.iter().map(|one| serde_json::json!(one))).to_string()
}

/// Binds `?1` to `?4`.
macro_rules! bound {
    ($text:expr, $filter:expr, $isolation:expr) => {
        sql_query($text)
            .bind::<Bool, _>($filter.any_task)
            .bind::<Text, _>(json($filter.capabilities.as_slice()))
            .bind::<Nullable<Text>, _>(
                $filter.types.as_ref().map(|types| json(&types.iter().map(|one| one.as_str()).collect::<Vec<_>>())),
            )
            .bind::<Nullable<Text>, _>($isolation.map(IsolationLevel::as_str))
    };
}

/// Takes up to `limit` due rows off the queue for a worker, the most urgent first and of those the oldest; none while it
/// is paused.
pub(super) async fn take_ready(
    conn: &mut Conn,
    context: Context<'_>,
    wish: &Wish<'_>,
    limit: i64,
) -> QueryResult<Vec<ReadyRow>> {
    let text = format!(
        "SELECT l.id, l.priority, l.job_type <> '{}' AS about_a_repository FROM queue_lanes l \
         WHERE {} AND {FITTING}",
        JobType::Manifest,
        may_claim("?5", "?6")
    );
    let query = bound!(text, wish.filter, wish.isolation)
        .bind::<Text, _>(wish.worker_name)
        .bind::<Nullable<Text>, _>(wish.full().map(json));
    let mut lanes: Vec<Lane> = Cached(query).load(conn).await?;
    lanes.sort_unstable_by_key(|lane| std::cmp::Reverse(lane.priority));
    let enough = usize::try_from(limit).unwrap_or(0);
    let mut taken: Vec<ReadyRow> = Vec::new();
    // Lanes of one priority are merged by age; a less urgent one gets what is left.
    for equals in lanes.chunk_by(|a, b| a.priority == b.priority) {
        let missing = enough - taken.len();
        if missing == 0 {
            break;
        }
        let mut rows = Vec::new();
        for lane in equals {
            let most = i64::try_from(missing).unwrap_or(limit);
            rows.extend(due_rows(conn, context.now, (lane, wish), most).await?);
        }
        rows.sort_unstable_by_key(|row| (row.run_at, row.task_id));
        taken.extend(rows.into_iter().take(missing));
    }
    for row in &taken {
        diesel::delete(task_ready::table.find(row.task_id)).execute(conn).await?;
    }
    Ok(taken)
}

/// The first due rows of a lane that the worker may have.
async fn due_rows(
    conn: &mut Conn,
    now: Timestamp,
    (lane, wish): (&Lane, &Wish<'_>),
    limit: i64,
) -> QueryResult<Vec<ReadyRow>> {
    // Rows of a lane without keys have none to look up.
    let text = format!(
        "SELECT r.* FROM task_ready r WHERE r.lane_id = ?1 AND r.run_at <= ?2 \
         AND NOT EXISTS (SELECT 1 FROM queue_affinities a WHERE a.affinity_key = r.affinity_key \
         AND a.worker_id <> ?4 AND a.held_until > ?2) AND (?5 IS NULL OR {}) AND {} \
         ORDER BY r.run_at, r.task_id LIMIT ?3",
        ALLOWED.replace("?6", "?5"),
        may_be_claimed("?6")
    );
    let allowed = wish.filter.repositories.as_deref().filter(|_| lane.about_a_repository).map(json);
    let query = sql_query(text)
        .bind::<BigInt, _>(lane.id)
        .bind::<BigInt, _>(now.as_micros())
        .bind::<BigInt, _>(limit)
        .bind::<DbId, _>(wish.worker_id)
        .bind::<Nullable<Text>, _>(allowed)
        .bind::<Nullable<Text>, _>(wish.full().map(json));
    Cached(query).load(conn).await
}

/// What a claim would find.
pub(super) async fn due_work(conn: &mut Conn, now: Timestamp, wish: &Wish<'_>) -> QueryResult<DueWork> {
    let due = format!(
        "r.lane_id = l.id AND r.run_at <= ?5 AND (?6 IS NULL OR l.job_type = '{}' OR {ALLOWED}) AND {}",
        JobType::Manifest,
        may_be_claimed("?9")
    );
    let fitting = format!("{} AND {FITTING}", may_claim("?8", "?9"));
    let text = format!(
        "SELECT free FROM (SELECT TRUE AS free FROM queue_lanes l WHERE {fitting} \
         AND EXISTS (SELECT 1 FROM task_ready r WHERE {due} AND {FREE}) LIMIT 1) UNION ALL \
         SELECT free FROM (SELECT FALSE AS free FROM queue_lanes l WHERE {fitting} AND l.keyed \
         AND EXISTS (SELECT 1 FROM task_ready r WHERE {due}) LIMIT 1)"
    );
    let query = bound!(text, wish.filter, wish.isolation)
        .bind::<BigInt, _>(now.as_micros())
        .bind::<Nullable<Text>, _>(wish.filter.repositories.as_deref().map(json))
        .bind::<DbId, _>(wish.worker_id)
        .bind::<Text, _>(wish.worker_name)
        .bind::<Nullable<Text>, _>(wish.full().map(json));
    let found: Vec<Found> = Cached(query).load(conn).await?;
    Ok(Found::sum(&found))
}

/// Claims take turns as it is.
pub(super) async fn lock_limits(_conn: &mut Conn, _worker: &str) -> QueryResult<()> {
    Ok(())
}
