//! Changes of status from outside the worker: release, take, end, cancel.

use std::time::Duration;

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use jct_lifecycle::{AttemptEnd, IllegalTransition, ReasonCode, RetryPolicy, TaskEvent, TaskStatus, next};
use serde_json::json;

use super::conclude::{Conclusion, conclude};
use super::unqueue::{cancel_entry, end_waiting, release, take};
use super::{Conn, agents, controls, limits, primitives, taken, task_reads};
use crate::StoreError;
use crate::command::{ChangeAnswer, StatusAction, StatusChange};
use crate::context::Context;
use crate::journal::{Actor, Head};
use crate::model::{EventKind, TraceRef};
use crate::rows::{EventRow, LeaseRow, TaskRows};
use crate::schema::task_leases;
use crate::types::Id;

/// A task may move on between the look and the write; then the look is repeated. More than this many times in a row
/// means that something else is wrong.
const LOOKS: usize = 5;

pub(crate) async fn change_status(
    conn: &mut Conn,
    context: Context<'_>,
    change: &StatusChange,
) -> Result<ChangeAnswer, StoreError> {
    for _ in 0..LOOKS {
        let Some(rows) = task_reads::rows(conn, change.task_id.into()).await? else {
            return Ok(ChangeAnswer::NotFound);
        };
        if let Some(answer) = attempt(conn, context, change, rows).await? {
            return Ok(answer);
        }
    }
    Err(StoreError::unavailable("the task kept changing"))
}

const fn event(action: &StatusAction) -> Result<TaskEvent, TaskStatus> {
    match action {
        StatusAction::Release => Ok(TaskEvent::Release),
        StatusAction::Take { .. } => Ok(TaskEvent::Start),
        StatusAction::Complete { .. } => Ok(TaskEvent::Complete),
        StatusAction::Fail { .. } => Ok(TaskEvent::Fail),
        StatusAction::Cancel { .. } => Ok(TaskEvent::Cancel),
        // To say that one lives is no change.
        StatusAction::Renew { .. } => Err(TaskStatus::Running),
        StatusAction::Impossible(target) => Err(*target),
    }
}

/// One look and one write; `None` if the task moved on in between.
async fn attempt(
    conn: &mut Conn,
    context: Context<'_>,
    change: &StatusChange,
    rows: TaskRows,
) -> Result<Option<ChangeAnswer>, StoreError> {
    let TaskRows { task, hold, ready, lease, outcome } = rows;
    let from = match (&hold, &ready, &lease, &outcome) {
        (Some(_), ..) => TaskStatus::Pending,
        (_, Some(_), ..) => TaskStatus::Queued,
        (_, _, Some(_), _) => TaskStatus::Running,
        (_, _, _, Some(outcome)) => {
            outcome.status.parse().map_err(|_| StoreError::corrupt(format!("status of task {}", task.id.0)))?
        }
        // Between two places only in the eyes of a reader that looks while it moves.
        (None, None, None, None) => return Ok(None),
    };
    let budget = Duration::from_secs(task.time_budget_seconds.unsigned_abs());
    if let (StatusAction::Renew { grace, most }, Some(lease)) = (&change.action, &lease) {
        if let Some(killed) = controls::killing(conn, lease).await? {
            let ended = end_running(conn, context, &killed.change()?, lease.clone()).await?;
            // Looked at again, it is over.
            return Ok(ended.filter(|answer| *answer != ChangeAnswer::Changed));
        }
        return taken::renew(conn, context, change, lease, (budget, *grace, *most)).await;
    }
    let legal = match event(&change.action) {
        Ok(event) => next(from, event),
        Err(to) => Err(IllegalTransition { from, to }),
    };
    if let Err(illegal) = legal {
        return Ok(Some(ChangeAnswer::Illegal(illegal)));
    }
    match (&change.action, hold, ready, lease) {
        (StatusAction::Release, Some(hold), ..) => release(conn, context, change, &task, hold).await,
        (StatusAction::Take { assigned_to, grace, most }, _, Some(ready), _) => {
            if let Some(control) = controls::holding(conn, task.id, change.by.name()).await? {
                return Ok(Some(ChangeAnswer::HeldByControl(Box::new(control))));
            }
            if let Some(limit) = limits::full(conn, context, change.by.name()).await? {
                return Ok(Some(ChangeAnswer::AgentFull { agent: change.by.name().to_owned(), limit }));
            }
            let lease = most.map_or(budget, |most| budget.min(most)) + *grace;
            let taken = take(conn, context, change, &task, ready, assigned_to.clone(), lease).await?;
            if taken.is_some() {
                agents::register_external(conn, context, &change.by).await?;
            }
            Ok(taken)
        }
        (_, None, None, Some(lease)) => end_running(conn, context, change, lease).await,
        (_, hold, ready, _) => end_waiting(conn, context, change, &task, hold, ready).await,
    }
}

/// Ends, or asks to end, a task that somebody holds.
async fn end_running(
    conn: &mut Conn,
    context: Context<'_>,
    change: &StatusChange,
    lease: LeaseRow,
) -> Result<Option<ChangeAnswer>, StoreError> {
    let (end, trace_path) = match &change.action {
        StatusAction::Cancel { .. } if lease.holder_kind == "worker" => {
            return ask_to_stop(conn, context, change, &lease).await;
        }
        StatusAction::Cancel { .. } => (AttemptEnd::Cancelled, &None),
        StatusAction::Complete { result, trace_path } => (AttemptEnd::Completed { result: result.clone() }, trace_path),
        StatusAction::Fail { error, trace_path } => {
            let message = error.clone();
            (AttemptEnd::Failed { reason: ReasonCode::ReportedFailure, message }, trace_path)
        }
        StatusAction::Release
        | StatusAction::Take { .. }
        | StatusAction::Renew { .. }
        | StatusAction::Impossible(_) => return Ok(None),
    };
    if !matches!(change.action, StatusAction::Cancel { .. })
        && let Some(refusal) = taken::refuse_outsider(conn, context, (change.into(), "status"), &lease).await?
    {
        return Ok(Some(refusal));
    }
    let taken = primitives::take_leases(conn, &context.of_this_epoch(&[lease.lease_ref()]), context.now).await?;
    let Some(mut lease) = taken.into_iter().next() else {
        return Ok(taken::is_over(context, &lease).then_some(ChangeAnswer::LeaseExpired));
    };
    if let StatusAction::Cancel { note } = &change.action {
        lease.cancel_note.clone_from(note);
    }
    let trace = trace_path.clone().map(|path| TraceRef { path, manifest_digest: None });
    let actor = Some(Actor::from(&change.by));
    let retry = RetryPolicy { max_attempts: 1, ..RetryPolicy::default() };
    conclude(
        conn,
        context,
        vec![Conclusion {
            lease,
            end,
            trace,
            artifacts: &[],
            evidence: None,
            report: None,
            manifest_state: None,
            retry,
            jitter: 0.0,
            digest: None,
            actor,
        }],
    )
    .await?;
    Ok(Some(ChangeAnswer::Changed))
}

/// A worker has the last word about what it runs; it reads this with its next heartbeat.
async fn ask_to_stop(
    conn: &mut Conn,
    context: Context<'_>,
    change: &StatusChange,
    lease: &LeaseRow,
) -> Result<Option<ChangeAnswer>, StoreError> {
    use task_leases::dsl;
    let id: Id = lease.task_id;
    let StatusAction::Cancel { note } = &change.action else { return Ok(None) };
    // Raising the numbers locks the row, so that the hash it returns is the one to go on from.
    let asked: Option<(i64, i64, String, String)> = diesel::update(task_leases::table.find(id))
        .filter(dsl::generation.eq(lease.generation))
        .filter(dsl::cancel_requested_at.is_null())
        .set((
            dsl::cancel_requested_at.eq(context.now.as_micros()),
            dsl::cancel_requested_by.eq(change.by.name()),
            dsl::cancel_note.eq(note),
            dsl::event_seq.eq(dsl::event_seq + 1),
            dsl::audit_seq.eq(dsl::audit_seq + 1),
        ))
        .returning((dsl::event_seq, dsl::audit_seq, dsl::audit_hash, dsl::trace_id))
        .get_result(conn)
        .await
        .optional()?;
    let Some((event_seq, seq, hash, trace_id)) = asked else {
        // Asking twice is the same as asking once; a lease that is gone wants another look.
        return Ok(lease.cancel_requested_at.map(|_| ChangeAnswer::CancelRequested));
    };
    let mut additions = context.additions();
    let head = additions.journal.entry(&Head { seq: seq - 1, hash }, cancel_entry(change, &trace_id));
    let payload = json!({ "by": change.by.name(), "reason": note });
    additions.journal.events.push(EventRow {
        task_id: id,
        seq: event_seq,
        at: context.now.as_micros(),
        kind: EventKind::Message.as_str().to_owned(),
        attempt: Some(lease.attempt),
        body: json!({ "level": "warn", "message": "cancellation requested", "payload": payload }).to_string(),
    });
    primitives::add(conn, &additions).await?;
    diesel::update(task_leases::table.find(id)).set(dsl::audit_hash.eq(head.hash)).execute(conn).await?;
    Ok(Some(ChangeAnswer::CancelRequested))
}
