//! Conclude: from the end of an attempt to the task's next place, with everything that is written about it.

use jct_contract::Timestamp;
use jct_lifecycle::{AttemptEnd, Disposition, ReasonCode, RetryPolicy, TaskEvent, TaskStatus, next, settle};
use serde_json::Value;

use super::{Conn, primitives};
use crate::StoreError;
use crate::context::Context;
use crate::journal::{Actor, Change, Journal};
use crate::model::TraceRef;
use crate::rows::{AttemptEndRow, LeaseRow, OutcomeRow, ReadyRow};

/// A lease that was taken away from its holder, and how its attempt ended.
pub(crate) struct Conclusion<'a> {
    pub(crate) lease: LeaseRow,
    pub(crate) end: AttemptEnd,
    pub(crate) trace: Option<TraceRef>,
    pub(crate) retry: RetryPolicy,
    pub(crate) jitter: f64,
    /// The receipt for a repetition, if the holder itself reported the end.
    pub(crate) digest: Option<String>,
    /// Who ended it; the lease's holder if absent.
    pub(crate) actor: Option<Actor<'a>>,
}

/// Everything one batch of conclusions writes.
#[derive(Default)]
struct Writes {
    ends: Vec<AttemptEndRow>,
    outcomes: Vec<OutcomeRow>,
    ready: Vec<ReadyRow>,
}

impl Conclusion<'_> {
    pub(crate) fn disposition(&self) -> Disposition {
        let count = |column: i64| u32::try_from(column).unwrap_or(u32::MAX);
        let lease = &self.lease;
        settle(&self.end, count(lease.attempt), count(lease.max_attempts), lease.cancel_requested_at.is_some())
    }

    /// What there is to say about the attempt, for people.
    fn message(&self) -> Option<String> {
        match &self.end {
            AttemptEnd::Failed { message, .. } => Some(message.clone()),
            AttemptEnd::LeaseLost => Some(format!(
                "the lease of `{}` ran out at {} without a heartbeat",
                self.lease.holder,
                Timestamp::from_micros(self.lease.expires_at)
            )),
            AttemptEnd::Completed { .. } | AttemptEnd::Cancelled | AttemptEnd::GivenBack => None,
        }
    }

    /// The error of a task that ends without a result.
    fn error(&self, reason: ReasonCode) -> String {
        let message = self.message();
        match reason {
            ReasonCode::Cancelled => {
                let by = self.lease.cancel_requested_by.as_deref().or(self.actor.map(|actor| actor.name));
                format!("cancelled by `{}`", by.unwrap_or(&self.lease.holder))
            }
            ReasonCode::RetriesExhausted => format!(
                "{} attempts ended early, the last with {}: {}",
                self.lease.attempt,
                self.end.reason(),
                message.unwrap_or_default()
            ),
            _ => message.unwrap_or_else(|| reason.as_str().to_owned()),
        }
    }

    fn write(self, now: Timestamp, journal: &mut Journal, writes: &mut Writes) -> Result<(), StoreError> {
        let disposition = self.disposition();
        let (event, reason) = match disposition {
            Disposition::Finish(event, reason) => (event, reason),
            Disposition::Retry(reason) | Disposition::Return(reason) => (TaskEvent::Requeue, reason),
        };
        let to = next(TaskStatus::Running, event)
            .map_err(|illegal| StoreError::corrupt(format!("an attempt cannot end like this: {illegal}")))?;
        let run_at = self.run_at(disposition, now);
        let error = to.is_final().then(|| self.error(reason));

        let lease = &self.lease;
        let mut detail = vec![("reason", Value::from(reason.as_str()))];
        match to {
            TaskStatus::Queued => detail.push(("run_at", run_at.to_string().into())),
            TaskStatus::Completed => {}
            _ => detail.push(("error", error.clone().into())),
        }
        let (event_seq, audit_seq) = journal.change(Change {
            task_id: lease.task_id,
            trace_id: &lease.trace_id,
            actor: self.actor.unwrap_or(Actor::system(&lease.holder)),
            from: TaskStatus::Running,
            to,
            attempt: Some(lease.attempt),
            detail,
            note: self.message(),
            event_seq: lease.event_seq,
            audit_seq: lease.audit_seq,
        });
        writes.ends.push(self.attempt_end(now, to));
        if to.is_final() {
            writes.outcomes.push(self.outcome(now, to, reason, error, (event_seq, audit_seq)));
        } else {
            writes.ready.push(self.ready(now, run_at, disposition, (event_seq, audit_seq)));
        }
        Ok(())
    }

    fn run_at(&self, disposition: Disposition, now: Timestamp) -> Timestamp {
        let attempt = u32::try_from(self.lease.attempt).unwrap_or(u32::MAX);
        match disposition {
            Disposition::Retry(_) => now.after(self.retry.backoff(attempt, self.jitter)),
            Disposition::Return(_) | Disposition::Finish(..) => now,
        }
    }

    fn attempt_end(&self, now: Timestamp, to: TaskStatus) -> AttemptEndRow {
        let (trace_path, manifest_digest) = self.trace_columns();
        AttemptEndRow {
            task_id: self.lease.task_id,
            ordinal: self.lease.attempt,
            ended_at: now.as_micros(),
            reason: self.end.reason().as_str().to_owned(),
            message: self.message(),
            next_status: to.as_str().to_owned(),
            settle_digest: self.digest.clone(),
            trace_path,
            manifest_digest,
        }
    }

    fn trace_columns(&self) -> (Option<String>, Option<String>) {
        self.trace.clone().map_or((None, None), |trace| (Some(trace.path), trace.manifest_digest))
    }

    fn outcome(
        self,
        now: Timestamp,
        to: TaskStatus,
        reason: ReasonCode,
        error: Option<String>,
        (event_seq, audit_seq): (i64, i64),
    ) -> OutcomeRow {
        let (trace_path, manifest_digest) = self.trace_columns();
        let (result, error) = match self.end {
            AttemptEnd::Completed { result } => (Some(result), None),
            _ => (None, error),
        };
        OutcomeRow {
            task_id: self.lease.task_id,
            status: to.as_str().to_owned(),
            reason: reason.as_str().to_owned(),
            result,
            error,
            attempt: Some(self.lease.attempt),
            assigned_to: Some(self.lease.shown_assignee()),
            trace_path,
            manifest_digest,
            queued_at: Some(self.lease.queued_at),
            started_at: Some(self.lease.started_at),
            finished_at: now.as_micros(),
            event_seq,
            audit_seq,
        }
    }

    fn ready(
        self,
        now: Timestamp,
        run_at: Timestamp,
        disposition: Disposition,
        (event_seq, audit_seq): (i64, i64),
    ) -> ReadyRow {
        let lease = self.lease;
        // An attempt that was given back was not the task's fault: it gets one more, and no ordinal is used twice.
        let returned = i64::from(matches!(disposition, Disposition::Return(_)));
        ReadyRow {
            task_id: lease.task_id,
            run_at: run_at.as_micros(),
            executor: lease.executor,
            generation: lease.generation,
            attempts: lease.attempt,
            max_attempts: lease.max_attempts + returned,
            queued_at: lease.queued_at,
            started_at: Some(lease.started_at),
            updated_at: now.as_micros(),
            last_reason: Some(self.end.reason().as_str().to_owned()),
            trace_id: lease.trace_id,
            event_seq,
            audit_seq,
        }
    }
}

/// Writes everything that follows from `conclusions`; their leases are already gone.
pub(crate) async fn conclude(
    conn: &mut Conn,
    context: Context<'_>,
    conclusions: Vec<Conclusion<'_>>,
) -> Result<(), StoreError> {
    if conclusions.is_empty() {
        return Ok(());
    }
    let mut journal = Journal::at(context.now);
    let mut writes = Writes::default();
    for conclusion in conclusions {
        conclusion.write(context.now, &mut journal, &mut writes)?;
    }
    primitives::end_attempts(conn, &writes.ends).await?;
    primitives::insert_outcomes(conn, &writes.outcomes).await?;
    primitives::insert_ready(conn, &writes.ready).await?;
    primitives::insert_events(conn, &journal.events).await?;
    primitives::insert_audits(conn, &journal.audits).await?;
    Ok(())
}
