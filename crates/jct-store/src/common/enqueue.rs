//! Enqueue: tasks, admissions, queue rows and audit entries of many callers in a handful of statements.

use std::collections::{BTreeMap, HashSet};

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use jct_contract::{JobType, TaskId, Timestamp};
use serde_json::{Value, json};

use super::{Conn, manifests, primitives, task_objects};
use crate::StoreError;
use crate::additions::Additions;
use crate::context::Context;
use crate::journal::{Actor, Entry, Head, Marks};
use crate::model::{Enqueued, NewTask};
use crate::rows::{AdmissionRow, ContentRow, EventRow, HoldRow, LaneRow, PolicyRow, ReadyRow, TaskRow};
use crate::schema::tasks;
use crate::types::Id;

pub(crate) async fn enqueue(
    conn: &mut Conn,
    context: Context<'_>,
    new: &[&NewTask],
) -> Result<Vec<Enqueued>, StoreError> {
    let rows = new.iter().map(|task| task_row(context, task)).collect();
    keep(conn, context, new, rows, None).await
}

/// Keeps a task of an issue that is there; the objects that it brings along are left out. `by` makes it, in the name of
/// its submitter.
pub(super) async fn enqueue_for(
    conn: &mut Conn,
    context: Context<'_>,
    new: &NewTask,
    issue: Id,
    by: Actor<'_>,
) -> Result<Enqueued, StoreError> {
    let new = NewTask { objects: None, ..new.clone() };
    let row = TaskRow { cwom_issue_id: Some(issue), ..task_row(context, &new) };
    let answer = keep(conn, context, &[&new], vec![row], Some(by)).await?.pop();
    answer.ok_or_else(|| StoreError::corrupt("a task that was handed in without an answer"))
}

fn task_row(context: Context<'_>, task: &NewTask) -> TaskRow {
    let created_at = context.shared.next_created_at(context.now);
    TaskRow::new(TaskId::at(created_at).into(), created_at.as_micros(), task)
}

async fn keep(
    conn: &mut Conn,
    context: Context<'_>,
    new: &[&NewTask],
    rows: Vec<TaskRow>,
    by: Option<Actor<'_>>,
) -> Result<Vec<Enqueued>, StoreError> {
    let mut inserted = primitives::insert_tasks(conn, &rows).await?;
    let gone = manifests::note_runs(conn, &rows, &inserted).await?;
    inserted.retain(|id| !gone.contains(id));
    let kept: Vec<_> =
        rows.iter().zip(new).filter(|(row, _)| inserted.contains(&row.id)).map(|(_, new)| *new).collect();
    let mut additions = companions(context, new, &rows, &inserted, by)?;
    let mut objects = task_objects::add(conn, &mut additions, &kept).await?.into_iter();
    primitives::add(conn, &additions).await?;

    let mut answers = Vec::with_capacity(rows.len());
    for row in rows {
        answers.push(if inserted.contains(&row.id) {
            let (task_id, created_at) = (row.id.into(), Timestamp::from_micros(row.created_at));
            Enqueued::Created { task_id, created_at, objects: objects.next().flatten() }
        } else if gone.contains(&row.id) {
            Enqueued::ManifestGone
        } else {
            existing(conn, row).await?
        });
    }
    Ok(answers)
}

/// The rows that stand beside a task: the policy that admitted it, its admission, its place in the queue, its first
/// audit entry.
fn companions(
    context: Context<'_>,
    new: &[&NewTask],
    rows: &[TaskRow],
    inserted: &HashSet<Id>,
    by: Option<Actor<'_>>,
) -> Result<Additions, StoreError> {
    let (now, mut additions) = (context.now, context.additions());
    let (mut policies, mut contents) = (HashSet::new(), HashSet::new());
    let mut lanes = BTreeMap::new();
    for (row, task) in rows.iter().zip(new).filter(|(row, _)| inserted.contains(&row.id)) {
        if policies.insert(task.admitted.policy_digest()) {
            additions.policies.push(policy_row(task, now));
        }
        additions.admissions.push(AdmissionRow {
            task_id: row.id,
            decision_id: task.admitted.decision_id().into(),
            policy_digest: task.admitted.policy_digest().to_string(),
            input_digest: task.admitted.input_digest().to_string(),
            admitted_at: now.as_micros(),
        });
        if let Some(manifest) = task.job.manifest.as_ref().filter(|manifest| contents.insert(manifest.hash.as_str())) {
            additions.contents.push(ContentRow::new(&manifest.hash, &manifest.content, now)?);
        }
        let head = additions.journal.entry(&Head::genesis(), creation(row, task, by));
        let events = first_events(row, task);
        let marks = Marks { event_seq: 1 + i64::try_from(events.len()).unwrap_or(i64::MAX - 1), head };
        additions.journal.events.extend(events);
        if task.hold {
            additions.holds.push(hold_row(row, task, marks));
        } else {
            let lane = LaneRow::of(row, task.admitted.task());
            additions.ready.push(ready_row(row, task, now, (lane.id, marks)));
            lanes.insert(lane.id, lane);
        }
    }
    additions.lanes.extend(lanes.into_values());
    Ok(additions)
}

/// The events behind the one that tells of the creation, which is not stored.
fn first_events(row: &TaskRow, task: &NewTask) -> Vec<EventRow> {
    (2..)
        .zip(&task.events)
        .map(|(seq, event)| EventRow {
            task_id: row.id,
            seq,
            at: event.at.as_micros(),
            kind: event.kind.as_str().to_owned(),
            attempt: None,
            body: event.body.clone(),
        })
        .collect()
}

/// The first audit entry of a task.
fn creation<'a>(row: &'a TaskRow, task: &'a NewTask, by: Option<Actor<'a>>) -> Entry<'a> {
    let after = json!({
        "status": if task.hold { "pending" } else { "queued" },
        "spec_digest": row.spec_digest,
        "policy_digest": task.admitted.policy_digest().to_string(),
        "input_digest": task.admitted.input_digest().to_string(),
        "decision_id": task.admitted.decision_id().to_string(),
        "created_at": Timestamp::from_micros(row.created_at).to_string(),
        "cwom_issue_id": row.cwom_issue_id.map(|id| id.0.to_string()),
    });
    let after = with_job(after, row);
    Entry {
        actor: by.unwrap_or(Actor::from(&task.submitter)),
        action: "created",
        entity_kind: "task",
        entity_id: row.id.0.to_string(),
        before: None,
        after: Some(after.to_string()),
        note: None,
        trace_id: Some(&row.trace_id),
    }
}

/// What sets the task apart from one that says nothing about itself as a job.
fn with_job(mut after: Value, row: &TaskRow) -> Value {
    let members = [
        ("job_type", (row.job_type != JobType::Task.as_str()).then(|| row.job_type.clone().into())),
        ("priority", (row.priority != 0).then(|| row.priority.into())),
        ("capabilities", row.capabilities.clone().map(Value::from)),
        ("affinity_key", row.affinity_key.clone().map(Value::from)),
        ("manifest_name", row.manifest_name.clone().map(Value::from)),
        ("manifest_hash", row.manifest_hash.clone().map(Value::from)),
        ("manifest_registered", row.manifest_registered.then_some(true.into())),
    ];
    if let Some(after) = after.as_object_mut() {
        after.extend(members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
    }
    after
}

fn policy_row(task: &NewTask, now: Timestamp) -> PolicyRow {
    PolicyRow {
        digest: task.admitted.policy_digest().to_string(),
        canonical: task.policy_canonical.to_string(),
        first_used_at: now.as_micros(),
    }
}

fn hold_row(row: &TaskRow, task: &NewTask, marks: Marks) -> HoldRow {
    HoldRow {
        task_id: row.id,
        max_attempts: i64::from(task.max_attempts),
        held_at: row.created_at,
        trace_id: row.trace_id.clone(),
        event_seq: marks.event_seq,
        audit_seq: marks.head.seq,
        audit_hash: marks.head.hash,
    }
}

fn ready_row(row: &TaskRow, task: &NewTask, now: Timestamp, (lane_id, marks): (i64, Marks)) -> ReadyRow {
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
        event_seq: marks.event_seq,
        audit_seq: marks.head.seq,
        audit_hash: marks.head.hash,
        lane_id,
        affinity_key: row.affinity_key.clone(),
    }
}

/// The task that already owns the idempotency key of `row`.
async fn existing(conn: &mut Conn, row: TaskRow) -> Result<Enqueued, StoreError> {
    let Some((id, digest)) = by_idempotency_key(conn, row.idempotency_key.unwrap_or_default()).await? else {
        // Its twin in the same batch had the key, until it was found that the manifest of both is gone.
        if row.manifest_registered {
            return Ok(Enqueued::ManifestGone);
        }
        return Err(StoreError::corrupt("a task was refused without an idempotency key that explains it"));
    };
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
