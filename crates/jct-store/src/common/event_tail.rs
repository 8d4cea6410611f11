//! The audit log followed: what it says about tasks and runs becomes events, each once, at no cost to whoever made the
//! change.

use std::collections::{HashMap, HashSet};
use std::str::FromStr;

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;
use diesel_async::RunQueryDsl;
use jct_contract::{EvidencePackId, IssueId, RunId, TaskId, WorkflowId, WorkflowRunId};
use jct_cwom::{ObjectKind, Status};
use jct_event::{ReviewDue, TaskStateChanged, TowerEvent, WorkflowRunChanged, run_of_key};
use jct_lifecycle::ReasonCode;
use serde::Deserialize;

use super::event_causes::{cause_of, causes};
use super::{Conn, events as posts, primitives};
use crate::StoreError;
use crate::context::Context;
use crate::model::{EmittedEvent, EventCause, TailPage};
use crate::rows::{time, to_u32};
use crate::schema::{audit_log, tasks};
use crate::schema_events::event_cursors;
use crate::schema_objects::{cwom_evidence_packs, cwom_runs};
use crate::schema_workflows::{workflow_runs, workflows};
use crate::types::Id;

/// The cursor that stands for this reader of the log.
const CURSOR: &str = "audit";

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

/// What stands in the states of an entry.
#[derive(Default, Deserialize)]
struct EntryWords {
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
    let kinds = if with_tasks { "'task', 'workflow_run'" } else { "'workflow_run'" };
    let wanted = format!(
        "((audit_log.entity_kind = '{run}' AND audit_log.action = 'status_changed') \
         OR (audit_log.entity_kind IN ({kinds}) AND audit_log.action IN ('created', 'status_changed')))"
    );
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
    let known = Known {
        tasks: tasks_of(conn, &rows).await?,
        reviews: reviews_of(conn, &rows).await?,
        runs: runs_of(conn, &rows).await?,
    };
    let events = rows.iter().filter_map(|row| told(row, &known)).collect();
    Ok(TailPage { events, through })
}

/// What there is to know about the objects of a page.
struct Known {
    tasks: HashMap<TaskId, TaskFacts>,
    reviews: HashMap<RunId, (ReviewDue, Option<EventCause>)>,
    runs: HashMap<WorkflowRunId, RunFacts>,
}

/// A task: where it works, and what it is a consequence of.
struct TaskFacts {
    repo: String,
    cause: Option<EventCause>,
}

/// A run of a workflow.
struct RunFacts {
    workflow_id: WorkflowId,
    workflow: String,
    version: u32,
    depth: u32,
}

/// What an entry becomes. One that somebody spoiled is not told: verification names it.
fn told(row: &TailRow, known: &Known) -> Option<EmittedEvent> {
    let (before, after) = (words(row.before.as_deref()), words(row.after.as_deref()));
    let (event, cause) = match row.entity_kind.as_str() {
        "task" => task_told(row.entity_id.parse().ok()?, &before, after, known)?,
        "workflow_run" => run_told(row.entity_id.parse().ok()?, &before, &after, known)?,
        _ => {
            let waits = after.status.is_some_and(|word| word == Status::UnderReview.as_str());
            let run: RunId = row.entity_id.parse().ok()?;
            let (due, cause) = known.reviews.get(&run).filter(|_| waits)?;
            (TowerEvent::ReviewDue(due.clone()), cause.clone())
        }
    };
    let id = format!("{}/{}", event.kind().event_type(), row.position);
    Some(EmittedEvent { id, at: time(row.ts), event, cause })
}

fn task_told(
    task_id: TaskId,
    before: &EntryWords,
    after: EntryWords,
    known: &Known,
) -> Option<(TowerEvent, Option<EventCause>)> {
    let TaskFacts { repo, cause } = known.tasks.get(&task_id)?;
    let event = TaskStateChanged {
        task_id,
        repo: repo.clone(),
        from: status(before),
        to: status(&after)?,
        attempt: after.attempt.unwrap_or(0),
        reason: after.reason.and_then(|reason| reason.parse::<ReasonCode>().ok()),
    };
    Some((TowerEvent::TaskStateChanged(event), cause.clone()))
}

fn run_told(
    run_id: WorkflowRunId,
    before: &EntryWords,
    after: &EntryWords,
    known: &Known,
) -> Option<(TowerEvent, Option<EventCause>)> {
    let RunFacts { workflow_id, workflow, version, depth } = known.runs.get(&run_id)?;
    let event = WorkflowRunChanged {
        workflow_id: *workflow_id,
        workflow: workflow.clone(),
        version: *version,
        run_id,
        from: status(before),
        to: status(after)?,
    };
    Some((TowerEvent::WorkflowRunChanged(event), Some(cause_of(run_id, *depth))))
}

fn words(state: Option<&str>) -> EntryWords {
    state.and_then(|state| serde_json::from_str(state).ok()).unwrap_or_default()
}

fn status<S: FromStr>(words: &EntryWords) -> Option<S> {
    words.status.as_ref()?.parse().ok()
}

/// The ids of the objects of one kind.
fn ids_of<T: FromStr + Into<Id>>(rows: &[TailRow], kind: &str) -> HashSet<Id> {
    let own = rows.iter().filter(|row| row.entity_kind == kind);
    own.filter_map(|row| row.entity_id.parse::<T>().ok().map(Into::into)).collect()
}

async fn tasks_of(conn: &mut Conn, rows: &[TailRow]) -> Result<HashMap<TaskId, TaskFacts>, StoreError> {
    let ids = ids_of::<TaskId>(rows, "task");
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let found: Vec<(Id, String, Option<String>)> = tasks::table
        .filter(tasks::id.eq_any(ids))
        .select((tasks::id, tasks::target_repo, tasks::idempotency_key))
        .load(conn)
        .await?;
    let causes = causes(conn, found.iter().filter_map(|(_, _, key)| key.as_deref())).await?;
    let facts = found.into_iter().map(|(id, repo, key)| {
        (
            id.into(),
            TaskFacts { repo, cause: key.as_deref().and_then(run_of_key).and_then(|run| causes.get(&run).cloned()) },
        )
    });
    Ok(facts.collect())
}

async fn runs_of(conn: &mut Conn, rows: &[TailRow]) -> Result<HashMap<WorkflowRunId, RunFacts>, StoreError> {
    let ids = ids_of::<WorkflowRunId>(rows, "workflow_run");
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let found: Vec<(Id, Id, String, i64, i64)> = workflow_runs::table
        .inner_join(workflows::table.on(workflows::id.eq(workflow_runs::workflow_id)))
        .filter(workflow_runs::id.eq_any(ids))
        .select((
            workflow_runs::id,
            workflow_runs::workflow_id,
            workflows::name,
            workflow_runs::version,
            workflow_runs::depth,
        ))
        .load(conn)
        .await?;
    let facts = found.into_iter().map(|(id, workflow_id, workflow, version, depth)| {
        let (version, depth) = (to_u32("version", version)?, to_u32("depth", depth)?);
        Ok((id.into(), RunFacts { workflow_id: workflow_id.into(), workflow, version, depth }))
    });
    facts.collect()
}

/// The runs among the entries that wait for a review now. One that was reviewed meanwhile, by a rule or by somebody quick,
/// waits for nobody.
async fn reviews_of(
    conn: &mut Conn,
    rows: &[TailRow],
) -> Result<HashMap<RunId, (ReviewDue, Option<EventCause>)>, StoreError> {
    let ids = ids_of::<RunId>(rows, ObjectKind::Run.as_str());
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
    let issues: Vec<Option<Id>> = found.iter().map(|(_, _, issue)| Some(*issue)).collect();
    let keys: Vec<(Option<Id>, Option<String>)> = tasks::table
        .filter(tasks::cwom_issue_id.eq_any(issues))
        .select((tasks::cwom_issue_id, tasks::idempotency_key))
        .load(conn)
        .await?;
    let causes = causes(conn, keys.iter().filter_map(|(_, key)| key.as_deref())).await?;
    let cause = |issue: Id| {
        let mut own = keys.iter().filter(|(of, _)| *of == Some(issue));
        own.find_map(|(_, key)| causes.get(&run_of_key(key.as_deref()?)?)).cloned()
    };
    let due = found.into_iter().map(|(run, pack, issue)| {
        let (run_id, evidence_pack_id, issue_id): (RunId, EvidencePackId, IssueId) =
            (run.into(), pack.into(), issue.into());
        (run_id, (ReviewDue { run_id, evidence_pack_id, issue_id }, cause(issue)))
    });
    Ok(due.collect())
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
