//! What is found by looking and by nobody's doing: workers that are gone, budgets that are nearly used up.

use std::collections::{HashMap, HashSet};

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use jct_contract::{TaskId, Timestamp, WorkerId};
use jct_event::{BudgetNear, EventKey, NewEvent, TowerEvent, WorkerLost, run_of_key};

use super::Conn;
use super::event_causes::causes;
use crate::StoreError;
use crate::model::EmittedEvent;
use crate::rows::{key_column, time, to_u32};
use crate::schema::{task_leases, tasks, workers};
use crate::schema_events::events;
use crate::types::Id;

/// Workers and leases that one look tells of, at most; the next look tells of the rest.
const LOOK_LIMIT: i64 = 200;

/// Workers that were last seen in `since..until` and did not say goodbye, and that nobody has told of yet.
pub(crate) async fn lost_workers(
    conn: &mut Conn,
    (since, until): (Timestamp, Timestamp),
) -> Result<Vec<EmittedEvent>, StoreError> {
    let rows: Vec<(Id, String, i64)> = workers::table
        .filter(workers::stopped_at.is_null())
        .filter(workers::last_seen_at.ge(since.as_micros()))
        .filter(workers::last_seen_at.lt(until.as_micros()))
        .order((workers::last_seen_at.desc(), workers::id))
        .limit(LOOK_LIMIT)
        .select((workers::id, workers::name, workers::last_seen_at))
        .load(conn)
        .await?;
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let holders: HashSet<Option<Id>> = rows.iter().map(|(id, ..)| Some(*id)).collect();
    let held: Vec<(Option<Id>, i64)> = task_leases::table
        .filter(task_leases::worker_id.eq_any(holders))
        .group_by(task_leases::worker_id)
        .select((task_leases::worker_id, diesel::dsl::count_star()))
        .load(conn)
        .await?;
    let held: HashMap<Option<Id>, i64> = held.into_iter().collect();
    let lost = rows.into_iter().map(|(id, name, seen)| {
        let leases = u32::try_from(held.get(&Some(id)).copied().unwrap_or(0)).unwrap_or(u32::MAX);
        let worker_id = WorkerId::from(id);
        let event = TowerEvent::WorkerLost(WorkerLost { worker_id, name, last_seen: time(seen), leases });
        EmittedEvent { id: format!("worker.lost/{worker_id}/{seen}"), at: time(seen), event, cause: None }
    });
    untold(conn, lost.collect()).await
}

/// Attempts that have used up `percent` of their task's time budget, and that nobody has told of yet.
pub(crate) async fn near_budgets(
    conn: &mut Conn,
    now: Timestamp,
    percent: u32,
) -> Result<Vec<EmittedEvent>, StoreError> {
    let micros_per_second = i64::from(percent.min(100)) * 10_000;
    let rows: Vec<(Id, i64, i64, i64, Option<String>)> = task_leases::table
        .inner_join(tasks::table.on(tasks::id.eq(task_leases::task_id)))
        .filter((task_leases::acquired_at + tasks::time_budget_seconds * micros_per_second).le(now.as_micros()))
        .order(task_leases::task_id.desc())
        .limit(LOOK_LIMIT)
        .select((
            task_leases::task_id,
            task_leases::attempt,
            task_leases::acquired_at,
            tasks::time_budget_seconds,
            tasks::idempotency_key,
        ))
        .load(conn)
        .await?;
    let causes = causes(conn, rows.iter().filter_map(|(.., key)| key.as_deref())).await?;
    let mut near = Vec::with_capacity(rows.len());
    for (id, attempt, acquired_at, budget, key) in rows {
        let (task, attempt) = (TaskId::from(id), to_u32("attempt", attempt)?);
        let used = u64::try_from((now.as_micros() - acquired_at) / 1_000_000).unwrap_or(0);
        let limit = u64::try_from(budget).unwrap_or(0);
        let event = TowerEvent::BudgetNear(BudgetNear {
            scope: format!("task/{task}"),
            unit: "seconds".to_owned(),
            used,
            limit,
        });
        let cause = key.as_deref().and_then(run_of_key).and_then(|run| causes.get(&run).cloned());
        near.push(EmittedEvent { id: format!("budget.near/{task}/{attempt}"), at: now, event, cause });
    }
    untold(conn, near).await
}

/// Those that are not kept yet, so that a look that finds nothing new writes nothing.
async fn untold(conn: &mut Conn, found: Vec<EmittedEvent>) -> Result<Vec<EmittedEvent>, StoreError> {
    let key = |one: &EmittedEvent| {
        let source = NewEvent::of_tower(&one.event, String::new(), one.at).source().clone();
        key_column(Some(EventKey { source, id: one.id.clone() }), None)
    };
    let keys: Vec<Option<String>> = found.iter().map(key).collect();
    if keys.is_empty() {
        return Ok(found);
    }
    let told: Vec<Option<String>> =
        events::table.filter(events::event_key.eq_any(keys)).select(events::event_key).load(conn).await?;
    let told: HashSet<Option<String>> = told.into_iter().collect();
    Ok(found.into_iter().filter(|one| !told.contains(&key(one))).collect())
}
