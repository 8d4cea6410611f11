//! The audit log followed: what it says about tasks and runs becomes events, each once, at no cost to whoever made the
//! change. Beside it what is found by looking: workers that are gone, budgets that are nearly used up.

use std::collections::{HashMap, HashSet};

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;
use diesel_async::RunQueryDsl;
use jct_contract::{EvidencePackId, IssueId, RunId, TaskId, Timestamp, WorkerId};
use jct_cwom::{ObjectKind, Status};
use jct_event::{BudgetNear, EventKey, NewEvent, ReviewDue, TaskStateChanged, TowerEvent, WorkerLost};
use jct_lifecycle::{ReasonCode, TaskStatus};
use serde::Deserialize;

use super::{Conn, events as posts, primitives};
use crate::StoreError;
use crate::context::Context;
use crate::model::{EmittedEvent, TailPage};
use crate::rows::{key_column, time, to_u32};
use crate::schema::{audit_log, task_leases, tasks, workers};
use crate::schema_events::{event_cursors, events};
use crate::schema_objects::{cwom_evidence_packs, cwom_runs};
use crate::types::Id;

/// The cursor that stands for this reader of the log.
const CURSOR: &str = "audit";
/// Workers and leases that one look tells of, at most; the next look tells of the rest.
const LOOK_LIMIT: i64 = 200;

/// How far the log has been told.
pub(crate) async fn position(conn: &mut Conn) -> Result<u64, StoreError> {
    let position: i64 = event_cursors::table.find(CURSOR).select(event_cursors::position).first(conn).await?;
    u64::try_from(position).map_err(|_| StoreError::corrupt("the cursor of the audit log"))
}

/// Moves the cursor from where it is and keeps the events in between; `None` if it is not there any more. So each is kept
/// once, whoever follows the log.
pub(crate) async fn advance(
    conn: &mut Conn,
    context: Context<'_>,
    (from, to): (u64, u64),
    emitted: &[EmittedEvent],
) -> Result<Option<u64>, StoreError> {
    let moved = diesel::update(event_cursors::table.find(CURSOR))
        .filter(event_cursors::position.eq(signed(from)))
        .set((event_cursors::position.eq(signed(to)), event_cursors::moved_at.eq(context.now.as_micros())))
        .execute(conn)
        .await?;
    if moved == 0 {
        return Ok(None);
    }
    posts::emit(conn, context, emitted).await.map(Some)
}

fn signed(position: u64) -> i64 {
    i64::try_from(position).unwrap_or(i64::MAX)
}

/// What an entry says that is of interest here.
#[derive(Queryable)]
struct TailRow {
    position: i64,
    ts: i64,
    entity_kind: String,
    entity_id: String,
    before: Option<String>,
    after: Option<String>,
}

/// What stands in the states of an entry about a task.
#[derive(Default, Deserialize)]
struct TaskWords {
    status: Option<String>,
    attempt: Option<u32>,
    reason: Option<String>,
}

/// What the log says after position `after` and up to `horizon`, before which every entry is there: changes of tasks if
/// they are wanted, and runs that wait for a review.
pub(crate) async fn page(
    conn: &mut Conn,
    (after, horizon): (u64, u64),
    with_tasks: bool,
    limit: u32,
) -> Result<TailPage, StoreError> {
    let run = ObjectKind::Run.as_str();
    let reviews = format!("audit_log.entity_kind = '{run}' AND audit_log.action = 'status_changed'");
    let wanted = if with_tasks {
        format!(
            "(({reviews}) OR (audit_log.entity_kind = 'task' AND audit_log.action IN ('created', 'status_changed')))"
        )
    } else {
        reviews
    };
    let rows: Vec<TailRow> = audit_log::table
        .filter(audit_log::position.gt(signed(after)))
        .filter(audit_log::position.le(signed(horizon)))
        // Words of our own, so that neither engine has to guess what stands for them.
        .filter(sql::<Bool>(&wanted))
        .order(audit_log::position)
        .limit(i64::from(limit))
        .select((
            audit_log::position,
            audit_log::ts,
            audit_log::entity_kind,
            audit_log::entity_id,
            audit_log::before,
            audit_log::after,
        ))
        .load(conn)
        .await?;
    let full = rows.len() >= limit as usize;
    let last = rows.last().and_then(|row| u64::try_from(row.position).ok());
    let through = last.filter(|_| full).unwrap_or(horizon);
    let (repos, due) = (repos_of(conn, &rows).await?, reviews_of(conn, &rows).await?);
    let events = rows.iter().filter_map(|row| told(row, &repos, &due)).collect();
    Ok(TailPage { events, through })
}

/// What an entry becomes. One that somebody spoiled is not told: verification names it.
fn told(row: &TailRow, repos: &HashMap<TaskId, String>, due: &HashMap<RunId, ReviewDue>) -> Option<EmittedEvent> {
    let event = if row.entity_kind == "task" {
        let task_id: TaskId = row.entity_id.parse().ok()?;
        let (before, after) = (words(row.before.as_deref()), words(row.after.as_deref()));
        TowerEvent::TaskStateChanged(TaskStateChanged {
            task_id,
            repo: repos.get(&task_id)?.clone(),
            from: status(&before),
            to: status(&after)?,
            attempt: after.attempt.unwrap_or(0),
            reason: after.reason.and_then(|reason| reason.parse::<ReasonCode>().ok()),
        })
    } else {
        let waits = words(row.after.as_deref()).status.is_some_and(|word| word == Status::UnderReview.as_str());
        let run: RunId = row.entity_id.parse().ok()?;
        TowerEvent::ReviewDue(due.get(&run).filter(|_| waits)?.clone())
    };
    let id = format!("{}/{}", event.kind().event_type(), row.position);
    Some(EmittedEvent { id, at: time(row.ts), event, cause: None })
}

fn words(state: Option<&str>) -> TaskWords {
    state.and_then(|state| serde_json::from_str(state).ok()).unwrap_or_default()
}

fn status(words: &TaskWords) -> Option<TaskStatus> {
    words.status.as_ref()?.parse().ok()
}

async fn repos_of(conn: &mut Conn, rows: &[TailRow]) -> Result<HashMap<TaskId, String>, StoreError> {
    let ids: HashSet<Id> = rows
        .iter()
        .filter(|row| row.entity_kind == "task")
        .filter_map(|row| row.entity_id.parse::<TaskId>().ok().map(Id::from))
        .collect();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let found: Vec<(Id, String)> =
        tasks::table.filter(tasks::id.eq_any(ids)).select((tasks::id, tasks::target_repo)).load(conn).await?;
    Ok(found.into_iter().map(|(id, repo)| (id.into(), repo)).collect())
}

/// The runs among the entries that wait for a review now. One that was reviewed meanwhile, by a rule or by somebody quick,
/// waits for nobody.
async fn reviews_of(conn: &mut Conn, rows: &[TailRow]) -> Result<HashMap<RunId, ReviewDue>, StoreError> {
    let ids: HashSet<Id> = rows
        .iter()
        .filter(|row| row.entity_kind != "task")
        .filter_map(|row| row.entity_id.parse::<RunId>().ok().map(Id::from))
        .collect();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let found: Vec<(Id, Id, Id)> = cwom_runs::table
        .inner_join(cwom_evidence_packs::table.on(cwom_evidence_packs::run_id.eq(cwom_runs::id)))
        .filter(cwom_runs::id.eq_any(ids))
        .filter(cwom_runs::status.eq(Status::UnderReview.as_str()))
        .select((cwom_runs::id, cwom_evidence_packs::id, cwom_runs::issue_id))
        .load(conn)
        .await?;
    let due = found.into_iter().map(|(run, pack, issue)| {
        let (run_id, evidence_pack_id, issue_id): (RunId, EvidencePackId, IssueId) =
            (run.into(), pack.into(), issue.into());
        (run_id, ReviewDue { run_id, evidence_pack_id, issue_id })
    });
    Ok(due.collect())
}

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
    let rows: Vec<(Id, i64, i64, i64)> = task_leases::table
        .inner_join(tasks::table.on(tasks::id.eq(task_leases::task_id)))
        .filter((task_leases::acquired_at + tasks::time_budget_seconds * micros_per_second).le(now.as_micros()))
        .order(task_leases::task_id.desc())
        .limit(LOOK_LIMIT)
        .select((task_leases::task_id, task_leases::attempt, task_leases::acquired_at, tasks::time_budget_seconds))
        .load(conn)
        .await?;
    let mut near = Vec::with_capacity(rows.len());
    for (id, attempt, acquired_at, budget) in rows {
        let (task, attempt) = (TaskId::from(id), to_u32("attempt", attempt)?);
        let used = u64::try_from((now.as_micros() - acquired_at) / 1_000_000).unwrap_or(0);
        let limit = u64::try_from(budget).unwrap_or(0);
        let event = TowerEvent::BudgetNear(BudgetNear {
            scope: format!("task/{task}"),
            unit: "seconds".to_owned(),
            used,
            limit,
        });
        near.push(EmittedEvent { id: format!("budget.near/{task}/{attempt}"), at: now, event, cause: None });
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

/// Up to which position every entry is there, if there is anything after `after`; the cheap look comes first.
pub(crate) async fn horizon(conn: &mut Conn, after: u64) -> Result<Option<u64>, StoreError> {
    let last: Option<i64> = audit_log::table.select(diesel::dsl::max(audit_log::position)).first(conn).await?;
    if last.unwrap_or(0) <= signed(after) {
        return Ok(None);
    }
    let horizon = primitives::audit_horizon(conn).await?.and_then(|last| u64::try_from(last).ok());
    Ok(horizon.filter(|horizon| *horizon > after))
}
