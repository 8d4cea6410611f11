//! Reads about workflows and their runs.

use std::collections::HashMap;

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use jct_contract::{Timestamp, WorkflowId, WorkflowRunId};

use super::Conn;
use crate::StoreError;
use crate::model::{
    ActiveWorkflow, Cursor, DueRuns, NamedPage, Page, PageStart, WorkflowFact, WorkflowRecord, WorkflowRunInput,
    WorkflowRunRecord, WorkflowStepTask, WorkflowSteps, WorkflowVersionRecord,
};
use crate::rows::{
    StepOutcomeRow, WorkflowFactRow, WorkflowInputRow, WorkflowRow, WorkflowRunRow, WorkflowStepRow,
    WorkflowVersionRow, time, to_u32,
};
use crate::schema::task_outcomes;
use crate::schema_workflows::{
    workflow_facts, workflow_inputs, workflow_runs, workflow_steps, workflow_versions, workflows,
};
use crate::types::Id;

/// Most bytes of definitions on one page of workflows; there is always one.
const PAGE_MAX_BYTES: usize = 4 * 1024 * 1024;

pub(crate) async fn get(conn: &mut Conn, id: WorkflowId) -> Result<Option<WorkflowRecord>, StoreError> {
    let row = workflows::table.find(Id::from(id)).select(WorkflowRow::as_select());
    match row.first(conn).await.optional()? {
        Some(row) => record(conn, row).await.map(Some),
        None => Ok(None),
    }
}

pub(crate) async fn by_name(conn: &mut Conn, name: String) -> Result<Option<WorkflowRecord>, StoreError> {
    let row = workflows::table.filter(workflows::name.eq(name)).select(WorkflowRow::as_select());
    match row.first(conn).await.optional()? {
        Some(row) => record(conn, row).await.map(Some),
        None => Ok(None),
    }
}

/// The workflow of a row, whole.
pub(super) async fn record(conn: &mut Conn, row: WorkflowRow) -> Result<WorkflowRecord, StoreError> {
    let definition: String = workflow_versions::table
        .find((row.id, row.version))
        .select(workflow_versions::definition)
        .first(conn)
        .await
        .optional()?
        .ok_or_else(|| StoreError::corrupt(format!("version {} of workflow {} is gone", row.version, row.id.0)))?;
    let last = match row.last_run_id {
        Some(run) => workflow_runs::table
            .find(run)
            .select(WorkflowRunRow::as_select())
            .first(conn)
            .await
            .optional()?
            .map(WorkflowRunRecord::try_from)
            .transpose()?,
        None => None,
    };
    row.into_record(definition, last)
}

/// Workflows by name, in the order of its bytes.
pub(crate) async fn list(
    conn: &mut Conn,
    only_active: bool,
    after: Option<String>,
    limit: u32,
) -> Result<NamedPage<WorkflowRecord>, StoreError> {
    let mut query = workflows::table
        .order(workflows::name)
        .limit(i64::from(limit) + 1)
        .select(WorkflowRow::as_select())
        .into_boxed();
    if only_active {
        query = query.filter(workflows::is_active);
    }
    if let Some(after) = after {
        query = query.filter(workflows::name.gt(after));
    }
    let rows: Vec<WorkflowRow> = query.load(conn).await?;
    let all = rows.len();
    let (mut items, mut bytes): (Vec<WorkflowRecord>, usize) = (Vec::new(), 0);
    for row in rows.into_iter().take(limit as usize) {
        let item = record(conn, row).await?;
        bytes += item.definition.len();
        if bytes > PAGE_MAX_BYTES && !items.is_empty() {
            break;
        }
        items.push(item);
    }
    let next = items.last().filter(|_| items.len() < all).map(|last| last.name.clone());
    Ok(NamedPage { items, next })
}

/// The workflows that events start.
pub(crate) async fn active(conn: &mut Conn) -> Result<Vec<ActiveWorkflow>, StoreError> {
    let rows: Vec<(Id, i64)> = workflows::table
        .filter(workflows::is_active)
        .order(workflows::id)
        .select((workflows::id, workflows::version))
        .load(conn)
        .await?;
    let each = rows.into_iter();
    each.map(|(id, version)| Ok(ActiveWorkflow { id: id.into(), version: to_u32("version", version)? })).collect()
}

/// One version of a workflow, and the workflow's name.
pub(crate) async fn version(
    conn: &mut Conn,
    id: WorkflowId,
    version: u32,
) -> Result<Option<WorkflowVersionRecord>, StoreError> {
    let row: Option<WorkflowVersionRow> = workflow_versions::table
        .find((Id::from(id), i64::from(version)))
        .select(WorkflowVersionRow::as_select())
        .first(conn)
        .await
        .optional()?;
    row.map(TryInto::try_into).transpose()
}

/// The versions of a workflow, newest first; `None` if there is no such workflow.
pub(crate) async fn versions(
    conn: &mut Conn,
    id: WorkflowId,
    start: PageStart,
    limit: u32,
) -> Result<Option<Page<WorkflowVersionRecord>>, StoreError> {
    if !exists(conn, id).await? {
        return Ok(None);
    }
    let mut query = workflow_versions::table
        .filter(workflow_versions::workflow_id.eq(Id::from(id)))
        .order(workflow_versions::version.desc())
        .limit(i64::from(limit) + 1)
        .select((
            workflow_versions::workflow_id,
            workflow_versions::version,
            workflow_versions::digest,
            diesel::dsl::sql::<diesel::sql_types::Text>("''"),
            workflow_versions::created_by,
            workflow_versions::created_at,
        ))
        .into_boxed();
    match start {
        PageStart::Offset(offset) => query = query.offset(i64::from(offset)),
        PageStart::After(cursor) => query = query.filter(workflow_versions::version.lt(cursor.position())),
    }
    let mut rows: Vec<WorkflowVersionRow> = query.load(conn).await?;
    let more = rows.len() > limit as usize;
    rows.truncate(limit as usize);
    let next = rows.last().filter(|_| more).map(|last| Cursor::after_position(last.version));
    Ok(Some(Page { items: rows.into_iter().map(TryInto::try_into).collect::<Result<_, _>>()?, next }))
}

async fn exists(conn: &mut Conn, id: WorkflowId) -> Result<bool, StoreError> {
    let known: Option<Id> = workflows::table.find(Id::from(id)).select(workflows::id).first(conn).await.optional()?;
    Ok(known.is_some())
}

/// The runs of a workflow, newest first; `None` if there is no such workflow.
pub(crate) async fn runs(
    conn: &mut Conn,
    id: WorkflowId,
    start: PageStart,
    limit: u32,
) -> Result<Option<Page<WorkflowRunRecord>>, StoreError> {
    if !exists(conn, id).await? {
        return Ok(None);
    }
    let mut query = workflow_runs::table
        .filter(workflow_runs::workflow_id.eq(Id::from(id)))
        .order(workflow_runs::id.desc())
        .limit(i64::from(limit) + 1)
        .select(WorkflowRunRow::as_select())
        .into_boxed();
    match start {
        PageStart::Offset(offset) => query = query.offset(i64::from(offset)),
        PageStart::After(cursor) => query = query.filter(workflow_runs::id.lt(cursor.id())),
    }
    let mut rows: Vec<WorkflowRunRow> = query.load(conn).await?;
    let more = rows.len() > limit as usize;
    rows.truncate(limit as usize);
    let next = rows.last().filter(|_| more).map(|last| Cursor::after_id(last.id));
    Ok(Some(Page { items: rows.into_iter().map(TryInto::try_into).collect::<Result<_, _>>()?, next }))
}

pub(crate) async fn run(conn: &mut Conn, id: WorkflowRunId) -> Result<Option<WorkflowRunRecord>, StoreError> {
    let row = workflow_runs::table.find(Id::from(id)).select(WorkflowRunRow::as_select());
    row.first(conn).await.optional()?.map(WorkflowRunRecord::try_from).transpose()
}

pub(crate) async fn input(conn: &mut Conn, id: WorkflowRunId) -> Result<Option<WorkflowRunInput>, StoreError> {
    let row = workflow_inputs::table.find(Id::from(id)).select(WorkflowInputRow::as_select());
    let row = row.first(conn).await.optional()?;
    Ok(row.map(|row| WorkflowRunInput { event: row.event, kept: row.kept }))
}

/// The facts of a run behind number `after`, in order.
pub(crate) async fn facts(conn: &mut Conn, id: WorkflowRunId, after: u64) -> Result<Vec<WorkflowFact>, StoreError> {
    let rows: Vec<WorkflowFactRow> = workflow_facts::table
        .filter(workflow_facts::run_id.eq(Id::from(id)))
        .filter(workflow_facts::seq.gt(i64::try_from(after).unwrap_or(i64::MAX)))
        .order(workflow_facts::seq)
        .select(WorkflowFactRow::as_select())
        .load(conn)
        .await?;
    rows.into_iter().map(TryInto::try_into).collect()
}

/// Tasks of steps beside their outcomes.
macro_rules! steps_with_outcomes {
    () => {
        workflow_steps::table
            .left_join(task_outcomes::table.on(task_outcomes::task_id.eq(workflow_steps::task_id)))
            .order((workflow_steps::step, workflow_steps::attempt))
            .select((
                WorkflowStepRow::as_select(),
                (
                    task_outcomes::status,
                    task_outcomes::reason,
                    task_outcomes::result,
                    task_outcomes::error,
                    task_outcomes::started_at,
                    task_outcomes::finished_at,
                )
                    .nullable(),
            ))
    };
}

pub(crate) async fn steps(
    conn: &mut Conn,
    id: WorkflowRunId,
    which: WorkflowSteps,
) -> Result<Vec<WorkflowStepTask>, StoreError> {
    let of_run = steps_with_outcomes!().filter(workflow_steps::run_id.eq(Id::from(id)));
    let rows: Vec<(WorkflowStepRow, Option<StepOutcomeRow>)> = match which {
        WorkflowSteps::All => of_run.load(conn).await?,
        WorkflowSteps::Open => of_run.filter(workflow_steps::closed_at.is_null()).load(conn).await?,
        WorkflowSteps::Of(steps) => of_run.filter(workflow_steps::step.eq_any(steps)).load(conn).await?,
    };
    rows.into_iter().map(|(row, outcome)| row.into_task(outcome)).collect()
}

/// The results of finished tasks, by their ids.
pub(crate) async fn results(
    conn: &mut Conn,
    tasks: Vec<jct_contract::TaskId>,
) -> Result<HashMap<jct_contract::TaskId, Option<String>>, StoreError> {
    let ids: Vec<Id> = tasks.into_iter().map(Id::from).collect();
    let rows: Vec<(Id, Option<String>)> = task_outcomes::table
        .filter(task_outcomes::task_id.eq_any(ids))
        .select((task_outcomes::task_id, task_outcomes::result))
        .load(conn)
        .await?;
    Ok(rows.into_iter().map(|(id, result)| (id.into(), result)).collect())
}

/// Runs that nobody drives and that have to be looked at: their time has come, or the task of a step is over.
pub(crate) async fn due(conn: &mut Conn, now: Timestamp, limit: u32) -> Result<DueRuns, StoreError> {
    use workflow_runs::dsl;
    let free = || dsl::expires_at.is_null().or(dsl::expires_at.le(now.as_micros()));
    let timed: Vec<(Id, Option<i64>)> = workflow_runs::table
        .filter(dsl::look_at.is_not_null())
        .filter(dsl::look_at.le(now.as_micros()))
        .filter(free())
        .order((dsl::look_at, dsl::id))
        .limit(limit.into())
        .select((dsl::id, dsl::look_at))
        .load(conn)
        .await?;
    let ended: Vec<Id> = workflow_steps::table
        .inner_join(task_outcomes::table.on(task_outcomes::task_id.eq(workflow_steps::task_id)))
        .inner_join(workflow_runs::table.on(dsl::id.eq(workflow_steps::run_id)))
        .filter(workflow_steps::closed_at.is_null())
        .filter(dsl::look_at.is_not_null())
        .filter(free())
        .select(workflow_steps::run_id)
        .distinct()
        .limit(limit.into())
        .load(conn)
        .await?;
    let timed_next: Option<Option<i64>> = workflow_runs::table
        .filter(dsl::look_at.is_not_null())
        .filter(dsl::look_at.gt(now.as_micros()))
        .order(dsl::look_at)
        .select(dsl::look_at)
        .first(conn)
        .await
        .optional()?;
    // Whoever drives a run may be gone; few are driven at once.
    let lapse: Option<i64> = workflow_runs::table
        .filter(dsl::look_at.is_not_null())
        .filter(dsl::expires_at.gt(now.as_micros()))
        .select(diesel::dsl::min(dsl::expires_at))
        .first(conn)
        .await?;
    let next = timed_next.flatten().into_iter().chain(lapse).min();
    let mut runs: Vec<WorkflowRunId> = timed.into_iter().map(|(id, _)| id.into()).collect();
    for id in ended {
        let id = id.into();
        if !runs.contains(&id) {
            runs.push(id);
        }
    }
    Ok(DueRuns { runs, next: next.map(time) })
}
