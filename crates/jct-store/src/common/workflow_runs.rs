//! Runs of workflows: started, driven under a lease, called off. What a run is follows from its facts, which only grow;
//! its row says where the facts have led to, and is written in the same transaction.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use jct_contract::{Principal, Sha256Digest, WorkflowId, WorkflowRunId};
use jct_event::WorkflowRunStatus;
use serde_json::{Map, Value, json};

use super::{Conn, primitives, run_keys, workflow_primitives, workflows};
use crate::StoreError;
use crate::command_workflows::{WorkflowAnswer, WorkflowWrite};
use crate::context::Context;
use crate::journal::{Actor, Entry, Head};
use crate::model::{
    AdvanceAnswer, CancelRunAnswer, ClaimedRun, NewWorkflowRun, RunAdvance, RunCause, RunClaim, RunLease,
    RunStartAnswer, RunThen, WorkflowRunRecord,
};
use crate::rows::{WorkflowFactRow, WorkflowInputRow, WorkflowRunRow, WorkflowStepRow, time, to_principal};
use crate::schema_workflows::{workflow_inputs, workflow_runs, workflow_steps, workflows as workflows_table};
use crate::types::Id;

/// The kind of the entries about runs.
const KIND: &str = "workflow_run";
/// Who moves runs on.
const DRIVER: &str = "workflows";

pub(crate) async fn write(
    conn: &mut Conn,
    context: Context<'_>,
    write: &WorkflowWrite,
) -> Result<WorkflowAnswer, StoreError> {
    Ok(match write {
        WorkflowWrite::Create(new) => WorkflowAnswer::Created(workflows::create(conn, context, new).await?),
        WorkflowWrite::Change(change) => WorkflowAnswer::Changed(workflows::change(conn, context, change).await?),
        WorkflowWrite::Start(runs) => WorkflowAnswer::Started(start(conn, context, runs).await?),
        WorkflowWrite::Claim(one) => WorkflowAnswer::Claimed(claim(conn, context, *one).await?),
        WorkflowWrite::Advance(one) => WorkflowAnswer::Advanced(advance(conn, context, one).await?),
        WorkflowWrite::Cancel { workflow, run, by } => {
            WorkflowAnswer::Cancelled(cancel(conn, context, (*workflow, *run, by)).await?)
        }
    })
}

/// Starts runs; one answer each, in order.
pub(crate) async fn start(
    conn: &mut Conn,
    context: Context<'_>,
    runs: &[NewWorkflowRun],
) -> Result<Vec<RunStartAnswer>, StoreError> {
    let mut answers = Vec::with_capacity(runs.len());
    for new in runs {
        answers.push(start_one(conn, context, new).await?);
    }
    Ok(answers)
}

async fn start_one(conn: &mut Conn, context: Context<'_>, new: &NewWorkflowRun) -> Result<RunStartAnswer, StoreError> {
    let id: Id = WorkflowRunId::at(context.now).into();
    // Held until the commit: the workflow is not switched off meanwhile, and an event or a key starts it once.
    let Some(workflow) = workflows::lock(conn, new.workflow_id.into()).await? else {
        return Ok(RunStartAnswer::NotFound);
    };
    if let Some(key) = new.cause.key()
        && let Some(answer) = run_keys::known(conn, workflow.id, key).await?
    {
        return Ok(answer);
    }
    let by = match &new.cause {
        RunCause::Hand { by, .. } | RunCause::Fork { by, .. } => by.clone(),
        RunCause::Event { id: event } => {
            if has_started(conn, (*event).into(), workflow.id).await? {
                return Ok(RunStartAnswer::Repeated);
            }
            if !workflow.is_active {
                return Ok(RunStartAnswer::Inactive);
            }
            to_principal(&workflow.owner_kind, &workflow.owner_name)?
        }
    };
    let mut row = run_row(context, new, id, &by);
    let mut additions = context.additions();
    let entry = entry(&row, Actor::from(&by), "created", None, &described(&row));
    let head = additions.journal.entry(&Head::genesis(), entry);
    (row.audit_seq, row.audit_hash) = (head.seq, head.hash);
    let kept = match &new.cause {
        RunCause::Fork { kept, .. } => Some(kept.clone()),
        RunCause::Hand { .. } | RunCause::Event { .. } => None,
    };
    let input = WorkflowInputRow { run_id: id, event: new.event.to_string(), kept };
    diesel::insert_into(workflow_runs::table).values(row.clone()).execute(conn).await?;
    diesel::insert_into(workflow_inputs::table).values(input).execute(conn).await?;
    diesel::update(workflows_table::table.find(workflow.id))
        .set((
            workflows_table::runs_started.eq(workflows_table::runs_started + 1),
            workflows_table::last_run_id.eq(Some(id)),
        ))
        .execute(conn)
        .await?;
    primitives::add(conn, &additions).await?;
    Ok(RunStartAnswer::Started(Box::new(row.try_into()?)))
}

/// Whether the event has started the workflow before.
async fn has_started(conn: &mut Conn, event: Id, workflow: Id) -> Result<bool, StoreError> {
    let known: Option<Id> = workflow_runs::table
        .filter(workflow_runs::event_id.eq(event))
        .filter(workflow_runs::workflow_id.eq(workflow))
        .filter(workflow_runs::forked_from.is_null())
        .select(workflow_runs::id)
        .first(conn)
        .await
        .optional()?;
    Ok(known.is_some())
}

fn run_row(context: Context<'_>, new: &NewWorkflowRun, id: Id, by: &Principal) -> WorkflowRunRow {
    let now = context.now.as_micros();
    let (event_id, fork) = match &new.cause {
        RunCause::Hand { .. } => (None, None),
        RunCause::Event { id } => (Some(*id), None),
        RunCause::Fork { fork, event_id, .. } => (*event_id, Some(fork)),
    };
    WorkflowRunRow {
        id,
        workflow_id: new.workflow_id.into(),
        version: new.version.into(),
        status: WorkflowRunStatus::Running.as_str().to_owned(),
        event_id: event_id.map(Into::into),
        forked_from: fork.map(|fork| fork.from.into()),
        fork_step: fork.map(|fork| fork.step.clone()),
        depth: new.depth.into(),
        started_by_kind: by.kind().as_str().to_owned(),
        started_by_name: by.name().to_owned(),
        trace_id: new.trace_id.as_str().to_owned(),
        created_at: now,
        deadline_at: context.now.after(new.timeout).as_micros(),
        finished_at: None,
        result: None,
        error: None,
        cancel_requested_at: None,
        cancel_requested_by: None,
        facts: 0,
        look_at: Some(now),
        epoch: None,
        generation: 0,
        holder: None,
        expires_at: None,
        audit_seq: 0,
        audit_hash: Head::genesis().hash,
        idempotency_key: new.cause.key().map(|key| key.key.clone()),
        idempotency_digest: new.cause.key().map(|key| key.digest.to_string()),
    }
}

fn described(row: &WorkflowRunRow) -> Value {
    json!({
        "workflow_id": row.workflow_id.0.to_string(),
        "version": row.version,
        "status": row.status,
        "event_id": row.event_id.map(|id| id.0.to_string()),
        "forked_from": row.forked_from.map(|id| id.0.to_string()),
        "fork_step": row.fork_step,
        "started_by": { "kind": row.started_by_kind, "name": row.started_by_name },
        "deadline_at": time(row.deadline_at),
    })
}

fn entry<'a>(
    row: &'a WorkflowRunRow,
    actor: Actor<'a>,
    action: &'a str,
    before: Option<Value>,
    after: &Value,
) -> Entry<'a> {
    Entry {
        actor,
        action,
        entity_kind: KIND,
        entity_id: row.id.0.to_string(),
        before: before.map(|value| value.to_string()),
        after: Some(after.to_string()),
        note: None,
        trace_id: Some(&row.trace_id),
    }
}

/// Leases a run that nobody drives; `None` if somebody does, or if it is over.
async fn claim(conn: &mut Conn, context: Context<'_>, claim: RunClaim) -> Result<Option<ClaimedRun>, StoreError> {
    use workflow_runs::dsl;
    let now = context.now.as_micros();
    let row: Option<WorkflowRunRow> = diesel::update(workflow_runs::table.find(Id::from(claim.run_id)))
        .filter(dsl::look_at.is_not_null())
        .filter(dsl::expires_at.is_null().or(dsl::expires_at.le(now)))
        .set((
            dsl::epoch.eq(context.epoch),
            dsl::generation.eq(dsl::generation + 1),
            dsl::holder.eq(Id::from(claim.holder)),
            dsl::expires_at.eq(context.now.after(claim.lease).as_micros()),
        ))
        .returning(WorkflowRunRow::as_returning())
        .get_result(conn)
        .await
        .optional()?;
    row.map(|row| Ok(ClaimedRun { lease: row.lease(), run: row.try_into()? })).transpose()
}

/// The run, if exactly this lease lives, and nobody else's until the commit.
async fn held(conn: &mut Conn, context: Context<'_>, lease: RunLease) -> Result<Option<WorkflowRunRow>, StoreError> {
    use workflow_runs::dsl;
    if lease.fence.epoch != context.epoch {
        return Ok(None);
    }
    Ok(diesel::update(workflow_runs::table.find(Id::from(lease.run_id)))
        .filter(dsl::epoch.eq(lease.fence.epoch))
        .filter(dsl::generation.eq(lease.fence.generation))
        .filter(dsl::expires_at.gt(context.now.as_micros()))
        .set(dsl::facts.eq(dsl::facts))
        .returning(WorkflowRunRow::as_returning())
        .get_result(conn)
        .await
        .optional()?)
}

/// Keeps what was found out about a run, as a whole or not at all.
async fn advance(conn: &mut Conn, context: Context<'_>, advance: &RunAdvance) -> Result<AdvanceAnswer, StoreError> {
    let Some(row) = held(conn, context, advance.lease).await? else { return Ok(AdvanceAnswer::Stale) };
    if row.facts.unsigned_abs() != advance.facts_before {
        return Ok(AdvanceAnswer::Stale);
    }
    let now = context.now.as_micros();
    let facts = fact_rows(&row, now, advance);
    let mut after = moved(&row, context, advance);
    after.facts += i64::try_from(facts.len()).unwrap_or_default();
    let mut additions = context.additions();
    if !facts.is_empty() || after.status != row.status {
        let before = json!({ "status": row.status, "facts": row.facts });
        let action = if after.status == row.status { "updated" } else { "status_changed" };
        let said = told(&after, &facts);
        let head =
            additions.journal.entry(&row.head(), entry(&after, Actor::system(DRIVER), action, Some(before), &said));
        (after.audit_seq, after.audit_hash) = (head.seq, head.hash);
    }
    workflow_primitives::insert_facts(conn, &facts).await?;
    workflow_primitives::insert_steps(conn, &step_rows(&row, advance)).await?;
    note(conn, &row, advance, now).await?;
    diesel::update(workflow_runs::table.find(after.id)).set(after).execute(conn).await?;
    primitives::add(conn, &additions).await?;
    Ok(AdvanceAnswer::Advanced { at: context.now })
}

fn fact_rows(row: &WorkflowRunRow, now: i64, advance: &RunAdvance) -> Vec<WorkflowFactRow> {
    let numbered = (row.facts + 1..).zip(&advance.facts);
    let fact = |(seq, new): (i64, &crate::model::NewWorkflowFact)| WorkflowFactRow {
        run_id: row.id,
        seq,
        at: now,
        fact: new.fact.clone(),
        detail: new.detail.clone(),
    };
    numbered.map(fact).collect()
}

fn step_rows(row: &WorkflowRunRow, advance: &RunAdvance) -> Vec<WorkflowStepRow> {
    let step = |opened: &crate::model::OpenedStep| WorkflowStepRow {
        run_id: row.id,
        step: opened.step.clone(),
        attempt: opened.attempt.into(),
        task_id: opened.task_id.into(),
        enqueued_at: opened.enqueued_at.as_micros(),
        deadline_at: opened.deadline_at.as_micros(),
        cancelled_at: None,
        closed_at: None,
    };
    advance.opened.iter().map(step).collect()
}

/// The row after it, but for the facts and the chain.
fn moved(row: &WorkflowRunRow, context: Context<'_>, advance: &RunAdvance) -> WorkflowRunRow {
    let now = context.now.as_micros();
    let is_over = !matches!(advance.status, WorkflowRunStatus::Running | WorkflowRunStatus::Stopping);
    let end = advance.end.clone().unwrap_or_default();
    let mut after = WorkflowRunRow { status: advance.status.as_str().to_owned(), ..row.clone() };
    match advance.then {
        RunThen::Hold(lease) if !is_over => {
            after.expires_at = Some(context.now.after(lease).as_micros());
            // There is more to do: whoever finds the lease ended does it at once.
            after.look_at = Some(now);
        }
        RunThen::Hold(_) | RunThen::Release { .. } => {
            (after.epoch, after.holder, after.expires_at) = (None, None, None);
        }
    }
    if is_over {
        (after.look_at, after.finished_at) = (None, Some(now));
        (after.result, after.error) = (end.result, end.error);
    } else if let RunThen::Release { look_at } = advance.then {
        // A request that came meanwhile is not slept through.
        let is_news = row.cancel_requested_at.is_some() && !advance.knows_cancel;
        after.look_at = Some(if is_news { now } else { look_at.as_micros() });
    }
    after
}

/// What the audit log says: the facts by their digest, so that none can be exchanged unseen.
fn told(row: &WorkflowRunRow, facts: &[WorkflowFactRow]) -> Value {
    let mut said = Map::new();
    said.insert("status".to_owned(), row.status.clone().into());
    said.insert("facts".to_owned(), row.facts.into());
    if !facts.is_empty() {
        let texts: Vec<&str> = facts.iter().map(|fact| fact.fact.as_str()).collect();
        said.insert("facts_digest".to_owned(), Sha256Digest::of(texts.join("\n").as_bytes()).to_string().into());
    }
    if let Some(at) = row.finished_at {
        said.insert("finished_at".to_owned(), json!(time(at)));
        said.insert("result".to_owned(), row.result.clone().into());
        said.insert("error".to_owned(), row.error.clone().into());
    }
    Value::Object(said)
}

/// Takes note of tasks that were asked to stop, and of those that are over.
async fn note(conn: &mut Conn, row: &WorkflowRunRow, advance: &RunAdvance, now: i64) -> Result<(), StoreError> {
    use workflow_steps::dsl;
    let ids = |tasks: &[jct_contract::TaskId]| tasks.iter().copied().map(Id::from).collect::<Vec<_>>();
    if !advance.cancelled.is_empty() {
        diesel::update(workflow_steps::table.filter(dsl::run_id.eq(row.id)))
            .filter(dsl::task_id.eq_any(ids(&advance.cancelled)))
            .filter(dsl::cancelled_at.is_null())
            .set(dsl::cancelled_at.eq(now))
            .execute(conn)
            .await?;
    }
    if !advance.closed.is_empty() {
        diesel::update(workflow_steps::table.filter(dsl::run_id.eq(row.id)))
            .filter(dsl::task_id.eq_any(ids(&advance.closed)))
            .filter(dsl::closed_at.is_null())
            .set(dsl::closed_at.eq(now))
            .execute(conn)
            .await?;
    }
    Ok(())
}

/// Asks for a run to be called off; once is enough.
async fn cancel(
    conn: &mut Conn,
    context: Context<'_>,
    (workflow, run, by): (WorkflowId, WorkflowRunId, &Principal),
) -> Result<CancelRunAnswer, StoreError> {
    use workflow_runs::dsl;
    let row: Option<WorkflowRunRow> = diesel::update(workflow_runs::table.find(Id::from(run)))
        .filter(dsl::workflow_id.eq(Id::from(workflow)))
        .set(dsl::facts.eq(dsl::facts))
        .returning(WorkflowRunRow::as_returning())
        .get_result(conn)
        .await
        .optional()?;
    let Some(row) = row else { return Ok(CancelRunAnswer::NotFound) };
    if row.finished_at.is_some() {
        return Ok(CancelRunAnswer::Over(boxed(row)?));
    }
    if row.cancel_requested_at.is_some() {
        return Ok(CancelRunAnswer::Requested(boxed(row)?));
    }
    let now = context.now.as_micros();
    let mut after = WorkflowRunRow {
        cancel_requested_at: Some(now),
        cancel_requested_by: Some(by.name().to_owned()),
        look_at: Some(now),
        ..row.clone()
    };
    let mut additions = context.additions();
    let said = |row: &WorkflowRunRow| json!({ "cancel_requested_at": row.cancel_requested_at.map(time), "cancel_requested_by": row.cancel_requested_by });
    let entry = entry(&after, Actor::from(by), "updated", Some(said(&row)), &said(&after));
    let head = additions.journal.entry(&row.head(), entry);
    (after.audit_seq, after.audit_hash) = (head.seq, head.hash);
    diesel::update(workflow_runs::table.find(after.id)).set(after.clone()).execute(conn).await?;
    primitives::add(conn, &additions).await?;
    Ok(CancelRunAnswer::Requested(boxed(after)?))
}

fn boxed(row: WorkflowRunRow) -> Result<Box<WorkflowRunRecord>, StoreError> {
    Ok(Box::new(row.try_into()?))
}
