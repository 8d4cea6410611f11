//! Enqueue: tasks, admissions, queue rows and audit entries of many callers in a handful of statements.

use std::collections::HashSet;

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use jct_contract::{TaskId, Timestamp};
use serde_json::json;

use super::{Conn, primitives};
use crate::StoreError;
use crate::context::Context;
use crate::journal::{Actor, Entry, Journal};
use crate::model::{Enqueued, NewTask};
use crate::rows::{AdmissionRow, HoldRow, PolicyRow, ReadyRow, TaskRow};
use crate::schema::{policies, tasks};
use crate::types::Id;

pub(crate) async fn enqueue(
    conn: &mut Conn,
    context: Context<'_>,
    new: &[&NewTask],
) -> Result<Vec<Enqueued>, StoreError> {
    keep_policies(conn, context.now, new).await?;
    let rows: Vec<TaskRow> = new
        .iter()
        .map(|task| {
            let created_at = context.shared.next_created_at(context.now);
            TaskRow::new(TaskId::at(created_at).into(), created_at.as_micros(), task)
        })
        .collect();
    let inserted = primitives::insert_tasks(conn, &rows).await?;
    keep_companions(conn, context.now, new, &rows, &inserted).await?;

    let mut answers = Vec::with_capacity(rows.len());
    for row in rows {
        answers.push(if inserted.contains(&row.id) {
            Enqueued::Created { task_id: row.id.into(), created_at: Timestamp::from_micros(row.created_at) }
        } else {
            existing(conn, row).await?
        });
    }
    Ok(answers)
}

async fn keep_policies(conn: &mut Conn, now: Timestamp, new: &[&NewTask]) -> Result<(), StoreError> {
    let mut kept = HashSet::new();
    for task in new {
        let digest = task.admitted.policy_digest();
        if kept.insert(digest) {
            let row = PolicyRow {
                digest: digest.to_string(),
                canonical: task.policy_canonical.to_string(),
                first_used_at: now.as_micros(),
            };
            diesel::insert_into(policies::table).values(row).on_conflict_do_nothing().execute(conn).await?;
        }
    }
    Ok(())
}

/// The rows that stand beside a task: its admission, its place in the queue, its first audit entry.
async fn keep_companions(
    conn: &mut Conn,
    now: Timestamp,
    new: &[&NewTask],
    rows: &[TaskRow],
    inserted: &HashSet<Id>,
) -> Result<(), StoreError> {
    let mut journal = Journal::at(now);
    let (mut admissions, mut ready, mut holds) = (Vec::new(), Vec::new(), Vec::new());
    for (row, task) in rows.iter().zip(new).filter(|(row, _)| inserted.contains(&row.id)) {
        admissions.push(AdmissionRow {
            task_id: row.id,
            decision_id: task.admitted.decision_id().into(),
            policy_digest: task.admitted.policy_digest().to_string(),
            input_digest: task.admitted.input_digest().to_string(),
            admitted_at: now.as_micros(),
        });
        if task.hold {
            holds.push(hold_row(row, task));
        } else {
            ready.push(ready_row(row, task, now));
        }
        journal.entry(Entry {
            actor: Actor::from(&task.submitter),
            action: "created",
            entity_kind: "task",
            entity_id: row.id.0.to_string(),
            before: None,
            after: Some(json!({
                "status": if task.hold { "pending" } else { "queued" },
                "spec_digest": row.spec_digest,
                "policy_digest": task.admitted.policy_digest().to_string(),
            })),
            note: None,
            trace_id: Some(&row.trace_id),
            seq: 1,
        });
    }
    primitives::insert_admissions(conn, &admissions).await?;
    primitives::insert_ready(conn, &ready).await?;
    primitives::insert_holds(conn, &holds).await?;
    primitives::insert_audits(conn, &journal.audits).await?;
    Ok(())
}

fn hold_row(row: &TaskRow, task: &NewTask) -> HoldRow {
    HoldRow {
        task_id: row.id,
        max_attempts: i64::from(task.max_attempts),
        held_at: row.created_at,
        trace_id: row.trace_id.clone(),
        event_seq: 1,
        audit_seq: 1,
    }
}

fn ready_row(row: &TaskRow, task: &NewTask, now: Timestamp) -> ReadyRow {
    ReadyRow {
        task_id: row.id,
        // Not the creation time, which may run a few microseconds ahead of the clock: the task is due now.
        run_at: now.as_micros(),
        executor: row.executor.clone(),
        generation: 0,
        attempts: 0,
        max_attempts: i64::from(task.max_attempts),
        queued_at: row.created_at,
        started_at: None,
        updated_at: row.created_at,
        last_reason: None,
        trace_id: row.trace_id.clone(),
        event_seq: 1,
        audit_seq: 1,
    }
}

/// The task that already owns the idempotency key of `row`.
async fn existing(conn: &mut Conn, row: TaskRow) -> Result<Enqueued, StoreError> {
    let (id, digest) = by_idempotency_key(conn, row.idempotency_key.unwrap_or_default())
        .await?
        .ok_or_else(|| StoreError::corrupt("a task was refused without an idempotency key that explains it"))?;
    let task_id = id.into();
    Ok(if digest == row.spec_digest { Enqueued::Replayed { task_id } } else { Enqueued::KeyReused { task_id } })
}

pub(crate) async fn by_idempotency_key(conn: &mut Conn, key: String) -> Result<Option<(Id, String)>, StoreError> {
    Ok(tasks::table
        .filter(tasks::idempotency_key.eq(key))
        .select((tasks::id, tasks::spec_digest))
        .first(conn)
        .await
        .optional()?)
}
