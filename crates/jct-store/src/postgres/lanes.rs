//! Claims on PostgreSQL: from every lane that fits no more rows than are asked for, from each its own share, in one
//! statement.
//!
//! Claimed rows stay behind as dead index entries for as long as any snapshot may see them. A claim that starts at the
//! front of a lane steps over all of them; one that starts where the last claim ended does not, and keeps its speed
//! while a long query or a backup runs. Rows may sort before such a bound (another writer's commit came late, a task was
//! given back elsewhere), so the fronts are read again once a second, and whenever nothing was found behind the bounds.

use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{Array, BigInt, Bool, Nullable, Text};
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};
use jct_contract::{Capability, IsolationLevel, JobType, Timestamp};

use super::Conn;
use crate::cached::Cached;
use crate::context::{ClaimBounds, Context};
use crate::control_match::{limits, needs_none_of, no_limit, task_is_free, worker_is_free};
use crate::model::DueWork;
use crate::rows::{Found, ReadyRow};
use crate::types::{DbId, Id};
use crate::wish::Wish;

/// How long the fronts of the lanes may go unread, in microseconds.
const PROBE_EVERY: i64 = 1_000_000;

/// The plan of a claim is made once a connection, and must hold for every queue: planning costs more than the claim, and
/// what is known of the tables when it is made (often nothing) says nothing about later. So it is made without a choice:
/// by the indexes, row by row.
const STEADY: &str = "SET LOCAL plan_cache_mode = force_generic_plan; SET LOCAL enable_seqscan = off; \
     SET LOCAL enable_bitmapscan = off; SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off";
/// What holds for every other statement.
const USUAL: &str = "SET LOCAL plan_cache_mode = force_custom_plan; SET LOCAL enable_seqscan = on; \
     SET LOCAL enable_bitmapscan = on; SET LOCAL enable_hashjoin = on; SET LOCAL enable_mergejoin = on";

/// The lanes that fit: `$1` takes any task, `$2` what the worker has, `$3` its types, `$4` its level. Whether the worker may
/// have anything is [`may_claim`].
const FITTING: &str = "NOT EXISTS (SELECT FROM queue_pauses) \
     AND (($1 AND l.job_type = 'task') OR string_to_array(l.capabilities, ' ') <@ $2) \
     AND ($3::text[] IS NULL OR l.job_type = ANY($3)) AND ($4::text IS NULL OR l.isolation <= $4)";

/// What of a fitting lane is taken: `$5` is now, `$6` the repositories.
const DUE: &str = "r.lane_id = l.id AND r.run_at <= $5 \
     AND ($6::text[] IS NULL OR l.job_type = 'manifest' OR EXISTS (SELECT FROM tasks t, unnest($6::text[]) AS allowed (repo) \
     WHERE t.id = r.task_id AND (t.target_repo = allowed.repo OR starts_with(t.target_repo, allowed.repo || '/'))))";

/// What of it is left to others: `$7` is the worker.
const FREE: &str = "(NOT l.keyed OR NOT EXISTS (SELECT FROM queue_affinities a \
     WHERE a.affinity_key = r.affinity_key AND a.worker_id <> $7 AND a.held_until > $5))";

/// Whether the worker may have anything now: `$8` is its name, `$9` the agents that are full, if they were counted.
fn may_claim() -> String {
    format!("{} AND ($9::text[] IS NOT NULL OR {})", worker_is_free("$8::text"), no_limit("$8::text"))
}

/// Whether a ready row may be taken: no control holds it, and it needs none of the agents that are full.
fn may_be_claimed() -> String {
    let is_full = |name: &str| format!("({name}) = ANY($9)");
    format!("{} AND ($9::text[] IS NULL OR {})", task_is_free(), needs_none_of(is_full))
}

#[derive(QueryableByName)]
struct Taken {
    #[diesel(embed)]
    ready: ReadyRow,
    #[diesel(sql_type = BigInt)]
    priority: i64,
    #[diesel(sql_type = Bool)]
    keyed: bool,
    /// How many rows there were to take, as far as they were asked for; some may have been another writer's.
    #[diesel(sql_type = BigInt)]
    wanted: i64,
    /// When the last control was lifted.
    #[diesel(sql_type = Nullable<BigInt>)]
    lifted_at: Option<i64>,
}

/// Says when the last control was lifted.
const LIFTED: &str = "(SELECT max(c.lifted_at) FROM controls c) AS lifted_at";

/// The conditions of a claim as parameters.
struct Wanted<'a> {
    wish: &'a Wish<'a>,
    capabilities: Vec<&'a str>,
    types: Option<Vec<&'static str>>,
    level: Option<&'static str>,
    now: i64,
}

impl<'a> Wanted<'a> {
    fn new(wish: &'a Wish<'a>, now: Timestamp) -> Self {
        let filter = wish.filter;
        Self {
            wish,
            capabilities: filter.capabilities.iter().map(Capability::as_str).collect(),
            types: filter.types.as_ref().map(|types| types.iter().copied().map(JobType::as_str).collect()),
            level: wish.isolation.map(IsolationLevel::as_str),
            now: now.as_micros(),
        }
    }
}

/// Binds `$1` to `$9`.
macro_rules! bound {
    ($text:expr, $wanted:expr) => {
        sql_query($text)
            .bind::<Bool, _>($wanted.wish.filter.any_task)
            .bind::<Array<Text>, _>(&$wanted.capabilities)
            .bind::<Nullable<Array<Text>>, _>(&$wanted.types)
            .bind::<Nullable<Text>, _>($wanted.level)
            .bind::<BigInt, _>($wanted.now)
            .bind::<Nullable<Array<Text>>, _>(&$wanted.wish.filter.repositories)
            .bind::<DbId, _>($wanted.wish.worker_id)
            .bind::<Text, _>($wanted.wish.worker_name)
            .bind::<Nullable<Array<Text>>, _>($wanted.wish.full())
    };
}

/// Takes up to `limit` due rows off the queue for a worker, the most urgent first and of those the oldest; none while it
/// is paused. Rows that another writer is taking are passed over.
pub(super) async fn take_ready(
    conn: &mut Conn,
    context: Context<'_>,
    wish: &Wish<'_>,
    limit: i64,
) -> QueryResult<Vec<ReadyRow>> {
    let wanted = Wanted::new(wish, context.now);
    let bounds = bounds_to_use(context);
    let mut reads_fronts = bounds.0.is_empty();
    let mut taken = take_shares(conn, &wanted, limit, bounds).await?;
    let count = i64::try_from(taken.len()).unwrap_or(limit);
    // Nothing says whether there was nothing, or nothing but rows that other writers are taking.
    if taken.as_slice().first().is_none_or(|first| count < first.wanted) {
        taken.extend(take_fronts(conn, &wanted, limit - count).await?);
        reads_fronts = true;
    }
    if reads_fronts {
        context.shared.claim_bounds().probed_at = context.now.as_micros();
    }
    taken.sort_unstable_by_key(|taken| (-taken.priority, taken.ready.run_at, taken.ready.task_id));
    // Whoever passes over rows leaves them behind for others.
    if wish.filter.repositories.is_none() && wish.full().is_none() {
        move_bounds(&mut context.shared.claim_bounds(), &taken);
    }
    Ok(taken.into_iter().map(|taken| taken.ready).collect())
}

/// Lanes, and the last place taken in each.
type Bounds = (Vec<i64>, Vec<i64>, Vec<Id>);

fn bounds_to_use(context: Context<'_>) -> Bounds {
    let bounds = context.shared.claim_bounds();
    if context.now.as_micros() - bounds.probed_at >= PROBE_EVERY {
        return Bounds::default();
    }
    let mut columns = Bounds::default();
    for (lane, (run_at, task_id)) in &bounds.after {
        columns.0.push(*lane);
        columns.1.push(*run_at);
        columns.2.push(*task_id);
    }
    columns
}

fn move_bounds(bounds: &mut ClaimBounds, taken: &[Taken]) {
    // What was held has been passed over: it waits before the bounds.
    if let Some(first) = taken.first().filter(|first| first.lifted_at != bounds.lifted_at) {
        bounds.lifted_at = first.lifted_at;
        bounds.after.clear();
        return;
    }
    for Taken { ready, .. } in taken.iter().filter(|taken| !taken.keyed) {
        let place = (ready.run_at, ready.task_id);
        let after = bounds.after.entry(ready.lane_id).or_insert(place);
        *after = place.max(*after);
    }
}

/// Looks first, without a lock, how many rows each lane contributes, then takes exactly that many from each: nothing is
/// locked that is not taken. One round trip: the settings around it are sent before its answer is awaited.
async fn take_shares(conn: &Conn, wanted: &Wanted<'_>, limit: i64, bounds: Bounds) -> QueryResult<Vec<Taken>> {
    let behind = "(r.run_at, r.task_id) > (l.run_at, l.task_id)";
    let (may_claim, free) = (may_claim(), format!("{FREE} AND {}", may_be_claimed()));
    let text = format!(
        "WITH lane AS MATERIALIZED (SELECT l.id, l.job_type, l.priority, l.keyed, \
         coalesce(b.run_at, -9223372036854775808) AS run_at, \
         coalesce(b.task_id, '00000000-0000-0000-0000-000000000000') AS task_id \
         FROM queue_lanes l LEFT JOIN unnest($10::bigint[], $11::bigint[], $12::uuid[]) AS b (lane_id, run_at, task_id) \
         ON b.lane_id = l.id WHERE {may_claim} AND {FITTING}), \
         head AS MATERIALIZED (SELECT l.id FROM lane l CROSS JOIN LATERAL (SELECT r.run_at, r.task_id FROM task_ready r \
         WHERE {DUE} AND {behind} AND {free} ORDER BY r.run_at, r.task_id LIMIT $13) h \
         ORDER BY l.priority DESC, h.run_at, h.task_id LIMIT $13), \
         share AS MATERIALIZED (SELECT id, count(*) AS rows FROM head GROUP BY id), \
         due AS MATERIALIZED (SELECT d.task_id, l.priority, l.keyed FROM share s JOIN lane l ON l.id = s.id \
         CROSS JOIN LATERAL (SELECT r.task_id FROM task_ready r WHERE {DUE} AND {behind} AND {free} \
         ORDER BY r.run_at, r.task_id LIMIT s.rows FOR UPDATE SKIP LOCKED) d) \
         DELETE FROM task_ready r USING due WHERE r.task_id = due.task_id \
         RETURNING r.*, due.priority, due.keyed, (SELECT count(*) FROM head) AS wanted, {LIFTED}"
    );
    let (mut before, mut taking, mut after) = (conn, conn, conn);
    let take = Cached(
        bound!(text, wanted)
            .bind::<Array<BigInt>, _>(bounds.0)
            .bind::<Array<BigInt>, _>(bounds.1)
            .bind::<Array<DbId>, _>(bounds.2)
            .bind::<BigInt, _>(limit),
    );
    let ((), taken, ()) = tokio::try_join!(
        biased;
        before.batch_execute(STEADY),
        take.load(&mut taking),
        after.batch_execute(USUAL),
    )?;
    Ok(taken)
}

/// Takes whatever is free, from the front of each lane. Rows that others lock at the moment are no reason to come back
/// with less; for that, up to `limit` rows of each lane are locked until the commit.
async fn take_fronts(conn: &mut Conn, wanted: &Wanted<'_>, limit: i64) -> QueryResult<Vec<Taken>> {
    let (may_claim, may_be_claimed) = (may_claim(), may_be_claimed());
    let text = format!(
        "WITH locked AS MATERIALIZED (SELECT f.task_id, f.run_at, l.priority, l.keyed FROM queue_lanes l \
         CROSS JOIN LATERAL (SELECT r.run_at, r.task_id FROM task_ready r WHERE {DUE} AND {FREE} AND {may_be_claimed} \
         ORDER BY r.run_at, r.task_id LIMIT $10 FOR UPDATE SKIP LOCKED) f WHERE {may_claim} AND {FITTING}), \
         due AS MATERIALIZED (SELECT * FROM locked ORDER BY priority DESC, run_at, task_id LIMIT $10) \
         DELETE FROM task_ready r USING due WHERE r.task_id = due.task_id \
         RETURNING r.*, due.priority, due.keyed, $10::bigint AS wanted, {LIFTED}"
    );
    Cached(bound!(text, wanted).bind::<BigInt, _>(limit)).load(conn).await
}

/// What a claim would find. Row by row in the order of the index: in any order, every dead row at the front of the table
/// would be stepped over.
pub(super) async fn due_work(conn: &mut Conn, now: Timestamp, wish: &Wish<'_>) -> QueryResult<DueWork> {
    let in_order = "ORDER BY r.run_at, r.task_id LIMIT 1";
    let (fitting, due) = (format!("{} AND {FITTING}", may_claim()), format!("{DUE} AND {}", may_be_claimed()));
    let text = format!(
        "SELECT free FROM (SELECT TRUE AS free FROM queue_lanes l CROSS JOIN LATERAL \
         (SELECT FROM task_ready r WHERE {due} AND {FREE} {in_order}) h WHERE {fitting} LIMIT 1) AS due UNION ALL \
         SELECT free FROM (SELECT FALSE AS free FROM queue_lanes l CROSS JOIN LATERAL \
         (SELECT FROM task_ready r WHERE {due} {in_order}) h WHERE {fitting} AND l.keyed LIMIT 1) AS kept"
    );
    let found: Vec<Found> = Cached(bound!(text, Wanted::new(wish, now))).load(conn).await?;
    Ok(Found::sum(&found))
}

/// Claims that keep the same limits go one after the other: the second counts what the first took.
pub(super) async fn lock_limits(conn: &mut Conn, worker: &str) -> QueryResult<()> {
    let text = format!("SELECT g.name FROM agents g WHERE {} ORDER BY g.name FOR NO KEY UPDATE", limits("$1::text"));
    Cached(sql_query(text).bind::<Text, _>(worker)).execute(conn).await?;
    Ok(())
}
