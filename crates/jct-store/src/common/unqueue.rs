//! Tasks that nobody holds: let go, taken off the queue, or ended while they wait.

use std::time::Duration;

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use jct_cwom::issue::WorkEvent;
use jct_lifecycle::{ReasonCode, TaskStatus};
use serde_json::{Value, json};

use super::claim::{attempt_row, leased, start};
use super::conclude::cancelled;
use super::runs::Started;
use super::{Conn, primitives, runs};
use crate::StoreError;
use crate::command::{ChangeAnswer, StatusAction, StatusChange};
use crate::context::Context;
use crate::journal::{Actor, Change, Entry, Marks};
use crate::model::ExternalLease;
use crate::rows::{HoldRow, LaneRow, LeaseRow, OutcomeRow, ReadyRow, TaskRow, to_u32};
use crate::schema::{task_holds, task_ready};
use crate::types::Id;

/// `pending -> queued`.
pub(super) async fn release(
    conn: &mut Conn,
    context: Context<'_>,
    change: &StatusChange,
    task: &TaskRow,
    hold: HoldRow,
) -> Result<Option<ChangeAnswer>, StoreError> {
    if diesel::delete(task_holds::table.find(hold.task_id)).execute(conn).await? == 0 {
        return Ok(None);
    }
    let mut additions = context.additions();
    let marks = additions.journal.change(Change {
        task_id: hold.task_id,
        trace_id: &hold.trace_id,
        actor: Actor::from(&change.by),
        from: TaskStatus::Pending,
        to: TaskStatus::Queued,
        attempt: None,
        detail: Vec::new(),
        record: Vec::new(),
        note: None,
        marks: hold.marks(),
    });
    let now = context.now.as_micros();
    let lane = LaneRow::of(task, &task.task()?);
    let ready = ReadyRow {
        task_id: hold.task_id,
        run_at: now,
        executor: task.executor.clone(),
        generation: 0,
        attempts: 0,
        max_attempts: hold.max_attempts,
        queued_at: now,
        started_at: None,
        updated_at: now,
        last_reason: None,
        trace_id: hold.trace_id,
        event_seq: marks.event_seq,
        audit_seq: marks.head.seq,
        audit_hash: marks.head.hash,
        lane_id: lane.id,
        affinity_key: task.affinity_key.clone(),
    };
    additions.lanes.push(lane);
    additions.ready.push(ready);
    context.went_back(&additions.ready);
    primitives::add(conn, &additions).await?;
    Ok(Some(ChangeAnswer::Changed))
}

/// `queued -> running` for an executor outside the tower: off the queue in the same transaction.
pub(super) async fn take(
    conn: &mut Conn,
    context: Context<'_>,
    change: &StatusChange,
    task: &TaskRow,
    ready: ReadyRow,
    assigned_to: Option<String>,
    lease: Duration,
) -> Result<Option<ChangeAnswer>, StoreError> {
    let Some(ready) = remove_ready(conn, ready.task_id).await? else {
        return Ok(None);
    };
    let expires_at = context.now.after(lease);
    let mut row = LeaseRow {
        holder: change.by.name().to_owned(),
        assigned_to,
        ..leased(ready, context.epoch, context.now, expires_at)
    };
    let mut additions = context.additions();
    let actor = Actor::from(&change.by);
    start(&mut additions.journal, &mut row, actor);
    let issue = task.cwom_issue_id.map(|issue| Ok::<_, StoreError>((issue, task.task()?))).transpose()?;
    let mut started = [Started { lease: row, issue }];
    runs::open(conn, context, &mut additions, &mut started, actor).await?;
    let [Started { lease: row, .. }] = started;
    let answer = ExternalLease { fence: row.fence(), expires_at, attempt: to_u32("attempt", row.attempt)? };
    additions.attempts.push(attempt_row(&row));
    additions.leases.push(row);
    primitives::add(conn, &additions).await?;
    Ok(Some(ChangeAnswer::Taken(answer)))
}

/// `pending | queued -> failed | cancelled`.
pub(super) async fn end_waiting(
    conn: &mut Conn,
    context: Context<'_>,
    change: &StatusChange,
    task: &TaskRow,
    hold: Option<HoldRow>,
    ready: Option<ReadyRow>,
) -> Result<Option<ChangeAnswer>, StoreError> {
    let action = &change.action;
    let (to, reason, error, note, trace_path) = match action {
        StatusAction::Fail { error, trace_path } => {
            (TaskStatus::Failed, ReasonCode::ReportedFailure, error.clone(), None, trace_path.clone())
        }
        StatusAction::Cancel { note } => {
            let error = cancelled(change.by.name(), note.as_deref());
            (TaskStatus::Cancelled, ReasonCode::Cancelled, error, note.clone(), None)
        }
        _ => return Ok(None),
    };
    let Some(waiting) = Waiting::remove(conn, hold, ready).await? else {
        return Ok(None);
    };
    let mut additions = context.additions();
    let marks = additions.journal.change(Change {
        task_id: waiting.task_id,
        trace_id: &waiting.trace_id,
        actor: Actor::from(&change.by),
        from: waiting.from,
        to,
        attempt: None,
        detail: vec![("reason", reason.as_str().into()), ("error", error.clone().into())],
        record: vec![("run_at", Value::Null), ("trace_path", trace_path.clone().into())],
        note,
        marks: waiting.marks,
    });
    let outcome = OutcomeRow {
        task_id: waiting.task_id,
        status: to.as_str().to_owned(),
        reason: reason.as_str().to_owned(),
        result: None,
        error: Some(error),
        attempt: waiting.attempts.filter(|attempts| *attempts > 0),
        assigned_to: None,
        trace_path,
        manifest_digest: None,
        queued_at: waiting.queued_at,
        started_at: waiting.started_at,
        finished_at: context.now.as_micros(),
        event_seq: marks.event_seq,
        audit_seq: marks.head.seq,
        audit_hash: marks.head.hash,
    };
    let event = if to == TaskStatus::Cancelled { WorkEvent::Canceled } else { WorkEvent::Failed };
    let author = (Actor::from(&change.by), task.trace_id.as_str());
    runs::follow_task(conn, context, &mut additions, task.cwom_issue_id, event, author).await?;
    additions.outcomes.push(outcome);
    primitives::add(conn, &additions).await?;
    Ok(Some(ChangeAnswer::Changed))
}

/// A task that was held or ready, and is neither any more.
struct Waiting {
    task_id: Id,
    from: TaskStatus,
    trace_id: String,
    attempts: Option<i64>,
    queued_at: Option<i64>,
    started_at: Option<i64>,
    marks: Marks,
}

impl Waiting {
    async fn remove(
        conn: &mut Conn,
        hold: Option<HoldRow>,
        ready: Option<ReadyRow>,
    ) -> Result<Option<Self>, StoreError> {
        if let Some(hold) = hold {
            let gone = diesel::delete(task_holds::table.find(hold.task_id)).execute(conn).await? == 0;
            return Ok((!gone).then_some(Self {
                task_id: hold.task_id,
                from: TaskStatus::Pending,
                marks: hold.marks(),
                trace_id: hold.trace_id,
                attempts: None,
                queued_at: None,
                started_at: None,
            }));
        }
        let Some(ready) = ready else { return Ok(None) };
        Ok(remove_ready(conn, ready.task_id).await?.map(|ready| Self {
            task_id: ready.task_id,
            from: TaskStatus::Queued,
            marks: ready.marks(),
            trace_id: ready.trace_id,
            attempts: Some(ready.attempts),
            queued_at: Some(ready.queued_at),
            started_at: ready.started_at,
        }))
    }
}

async fn remove_ready(conn: &mut Conn, id: Id) -> Result<Option<ReadyRow>, StoreError> {
    Ok(diesel::delete(task_ready::table.find(id))
        .returning(ReadyRow::as_returning())
        .get_result(conn)
        .await
        .optional()?)
}

/// The entry about a request to cancel that a worker has yet to follow.
pub(super) fn cancel_entry<'a>(change: &'a StatusChange, trace_id: &'a str) -> Entry<'a> {
    let note = match &change.action {
        StatusAction::Cancel { note } => note.clone(),
        _ => None,
    };
    Entry {
        actor: Actor::from(&change.by),
        action: "cancel_requested",
        entity_kind: "task",
        entity_id: change.task_id.to_string(),
        before: None,
        after: Some(json!({ "status": "running", "cancel_requested": true }).to_string()),
        note,
        trace_id: Some(trace_id),
    }
}
