//! Claim: ready rows become leases. The attempt is counted here, so that a crash can't hide it.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use jct_contract::Timestamp;
use jct_lifecycle::TaskStatus;
use serde_json::Value;

use super::limits::Room;
use super::runs::Started;
use super::{Conn, limits, manifest_reads, primitives, runs};
use crate::StoreError;
use crate::context::Context;
use crate::journal::{Actor, Change, Journal};
use crate::model::{Claim, ClaimedTask, DueWork};
use crate::rows::{AdmissionRow, AffinityRow, AttemptRow, LeaseRow, ReadyRow, TaskRow, time, to_trace_id, to_u32};
use crate::schema::{admissions, tasks};
use crate::schema_jobs::queue_affinities;
use crate::types::Id;
use crate::wish::{Limits, Wish};

/// How long a key stays with its worker after the lease of the last job that had it.
const AFFINITY_GRACE: Duration = Duration::from_secs(60);
/// Affinities that are over and go with one claim, at most.
const AFFINITIES_PRUNED: i64 = 100;

pub(crate) async fn claim(
    conn: &mut Conn,
    context: Context<'_>,
    claim: &Claim,
) -> Result<Vec<ClaimedTask>, StoreError> {
    let limit = i64::from(claim.limit);
    let claimed = take(conn, context, (claim, Wish::of(claim)), limit).await?;
    if claimed.is_empty() { within_limits(conn, context, claim, limit).await } else { Ok(claimed) }
}

/// What limits of agents leave, if there are any: only now somebody counts.
async fn within_limits(
    conn: &mut Conn,
    context: Context<'_>,
    claim: &Claim,
    mut missing: i64,
) -> Result<Vec<ClaimedTask>, StoreError> {
    let mut claimed = Vec::new();
    if limits::room(conn, context.now, &claim.worker_name).await? == Room::Unlimited {
        return Ok(claimed);
    }
    limits::lock(conn, &claim.worker_name).await?;
    while missing > 0 {
        // What was just taken counts.
        let Room::Limited { most, full } = limits::room(conn, context.now, &claim.worker_name).await? else { break };
        let wish = Wish { limits: Limits::Full(&full), ..Wish::of(claim) };
        let more = if most > 0 { take(conn, context, (claim, wish), most.min(missing)).await? } else { Vec::new() };
        if more.is_empty() {
            break;
        }
        missing -= i64::try_from(more.len()).unwrap_or(missing);
        claimed.extend(more);
    }
    Ok(claimed)
}

/// Takes up to `limit` tasks.
async fn take(
    conn: &mut Conn,
    context: Context<'_>,
    (claim, wish): (&Claim, Wish<'_>),
    limit: i64,
) -> Result<Vec<ClaimedTask>, StoreError> {
    let ready = primitives::take_ready(conn, context, &wish, limit).await?;
    if ready.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<Id> = ready.iter().map(|row| row.task_id).collect();
    let mut specs = specs(conn, ids).await?;
    let mut contents = manifest_reads::contents_of(conn, specs.values().map(|(task, _)| task)).await?;

    let expires_at = context.now.after(claim.lease);
    let mut additions = context.additions();
    let (mut claimed, mut started) = (Vec::with_capacity(ready.len()), Vec::with_capacity(ready.len()));
    for row in ready {
        let (spec, admission) =
            specs.remove(&row.task_id).ok_or_else(|| StoreError::corrupt("a ready task without an admission"))?;
        let ready_at = time(row.run_at);
        let mut lease = lease_row(row, context.epoch, claim, context.now, expires_at);
        start(&mut additions.journal, &mut lease, Actor::system(&claim.worker_name));
        let task = spec.task()?;
        // Only a run needs a copy.
        let issue = spec.cwom_issue_id.map(|issue| (issue, task.clone()));
        claimed.push(ClaimedTask {
            lease: lease.lease_ref(),
            attempt: to_u32("attempt", lease.attempt)?,
            expires_at,
            ready_at,
            claimed_at: context.now,
            task,
            trace_id: to_trace_id(&spec.trace_id)?,
            admission: admission.try_into()?,
            run_id: None,
            job: spec.job()?,
            manifest: contents.remove(&spec.id),
        });
        started.push(Started { lease, issue });
    }
    runs::open(conn, context, &mut additions, &mut started, Actor::system(&claim.worker_name)).await?;
    for (claimed, Started { lease, .. }) in claimed.iter_mut().zip(started) {
        claimed.run_id = lease.run_id.map(Into::into);
        additions.attempts.push(attempt_row(&lease));
        additions.leases.push(lease);
    }
    hold_affinities(conn, context, claim, &additions.leases).await?;
    primitives::add(conn, &additions).await?;
    Ok(claimed)
}

/// Leaves the jobs with the same keys to this worker for a while.
async fn hold_affinities(
    conn: &mut Conn,
    context: Context<'_>,
    claim: &Claim,
    leases: &[LeaseRow],
) -> Result<(), StoreError> {
    // In one order everywhere, so that two writers do not wait for each other.
    let keys: BTreeSet<&str> = leases.iter().filter_map(|lease| lease.affinity_key.as_deref()).collect();
    if keys.is_empty() {
        return Ok(());
    }
    primitives::prune_affinities(conn, context.now, AFFINITIES_PRUNED).await?;
    for key in keys {
        let row = AffinityRow {
            affinity_key: key.to_owned(),
            worker_id: claim.worker_id.into(),
            held_until: context.now.after(claim.lease + AFFINITY_GRACE).as_micros(),
        };
        diesel::insert_into(queue_affinities::table)
            .values(row.clone())
            .on_conflict(queue_affinities::affinity_key)
            .do_update()
            .set((queue_affinities::worker_id.eq(row.worker_id), queue_affinities::held_until.eq(row.held_until)))
            .execute(conn)
            .await?;
    }
    Ok(())
}

/// What the tasks are, and which admission let each in.
async fn specs(conn: &mut Conn, ids: Vec<Id>) -> Result<HashMap<Id, (TaskRow, AdmissionRow)>, StoreError> {
    let rows: Vec<(TaskRow, AdmissionRow)> = tasks::table
        .inner_join(admissions::table.on(admissions::task_id.eq(tasks::id)))
        .filter(tasks::id.eq_any(ids))
        .select((TaskRow::as_select(), AdmissionRow::as_select()))
        .load(conn)
        .await?;
    Ok(rows.into_iter().map(|row| (row.0.id, row)).collect())
}

/// Notes that the task of `lease` started, and moves the lease's counters on.
pub(super) fn start(journal: &mut Journal, lease: &mut LeaseRow, actor: Actor<'_>) {
    let marks = journal.change(Change {
        task_id: lease.task_id,
        trace_id: &lease.trace_id,
        actor,
        from: TaskStatus::Queued,
        to: TaskStatus::Running,
        attempt: Some(lease.attempt),
        detail: vec![("holder", lease.holder.clone().into()), ("fence", lease.fence().to_string().into())],
        record: vec![("reason", Value::Null), ("run_at", Value::Null)],
        note: None,
        marks: lease.marks(),
    });
    (lease.event_seq, lease.audit_seq, lease.audit_hash) = (marks.event_seq, marks.head.seq, marks.head.hash);
}

fn lease_row(ready: ReadyRow, epoch: i64, claim: &Claim, now: Timestamp, expires_at: Timestamp) -> LeaseRow {
    LeaseRow {
        holder_kind: "worker".to_owned(),
        worker_id: Some(claim.worker_id.into()),
        holder: claim.worker_name.clone(),
        ..leased(ready, epoch, now, expires_at)
    }
}

/// The part of a lease that does not depend on who holds it.
pub(super) fn leased(ready: ReadyRow, epoch: i64, now: Timestamp, expires_at: Timestamp) -> LeaseRow {
    LeaseRow {
        task_id: ready.task_id,
        epoch,
        generation: ready.generation + 1,
        attempt: ready.attempts + 1,
        max_attempts: ready.max_attempts,
        executor: ready.executor,
        holder_kind: "external".to_owned(),
        worker_id: None,
        holder: String::new(),
        assigned_to: None,
        acquired_at: now.as_micros(),
        expires_at: expires_at.as_micros(),
        queued_at: ready.queued_at,
        started_at: ready.started_at.unwrap_or(now.as_micros()),
        cancel_requested_at: None,
        cancel_requested_by: None,
        trace_id: ready.trace_id,
        event_seq: ready.event_seq,
        audit_seq: ready.audit_seq,
        audit_hash: ready.audit_hash,
        run_id: None,
        lane_id: ready.lane_id,
        affinity_key: ready.affinity_key,
        cancel_note: None,
    }
}

pub(super) fn attempt_row(lease: &LeaseRow) -> AttemptRow {
    AttemptRow {
        task_id: lease.task_id,
        ordinal: lease.attempt,
        epoch: lease.epoch,
        generation: lease.generation,
        holder_kind: lease.holder_kind.clone(),
        worker_id: lease.worker_id,
        holder: lease.holder.clone(),
        started_at: lease.acquired_at,
        ended_at: None,
        reason: None,
        message: None,
        next_status: None,
        settle_digest: None,
        trace_path: None,
        manifest_digest: None,
        run_id: lease.run_id,
    }
}

/// What a claim would find. A read.
pub(crate) async fn due_work(conn: &mut Conn, now: Timestamp, claim: Claim) -> Result<DueWork, StoreError> {
    let wish = Wish::of(&claim);
    let due = primitives::due_work(conn, now, &wish).await?;
    if due != DueWork::Nothing {
        return Ok(due);
    }
    match limits::room(conn, now, &claim.worker_name).await? {
        Room::Limited { most, full } if most > 0 => {
            Ok(primitives::due_work(conn, now, &Wish { limits: Limits::Full(&full), ..wish }).await?)
        }
        Room::Limited { .. } | Room::Unlimited => Ok(DueWork::Nothing),
    }
}
