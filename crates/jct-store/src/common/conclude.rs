//! Conclude: from the end of an attempt to the task's next place, with everything that is written about it.

use jct_contract::{Sha256Digest, Timestamp};
use jct_cwom::issue::WorkEvent;
use jct_cwom::{Failure, FailureCategory, Status};
use jct_lifecycle::{AttemptEnd, Disposition, ReasonCode, RetryPolicy, TaskEvent, TaskStatus, next, settle};
use serde_json::Value;

use super::{Conn, manifests, primitives, runs};
use crate::StoreError;
use crate::additions::Additions;
use crate::context::Context;
use crate::journal::{Actor, Change, Marks};
use crate::model::{ArtifactFile, NewEvidence, RunReport, TraceRef};
use crate::rows::{AttemptEndRow, LeaseRow, OutcomeRow, ReadyRow};

/// The longest message of a run's failure, in characters.
const FAILURE_MAX_CHARS: usize = 4_000;

/// A lease that was taken away from its holder, and how its attempt ended.
pub(crate) struct Conclusion<'a> {
    pub(crate) lease: LeaseRow,
    pub(crate) end: AttemptEnd,
    pub(crate) trace: Option<TraceRef>,
    /// What the attempt left in its trace.
    pub(crate) artifacts: &'a [ArtifactFile],
    /// What was found out about it, if somebody looked.
    pub(crate) evidence: Option<&'a NewEvidence>,
    /// What it says of itself.
    pub(crate) report: Option<&'a RunReport>,
    /// What it leaves for the next run of its manifest.
    pub(crate) manifest_state: Option<&'a str>,
    pub(crate) retry: RetryPolicy,
    pub(crate) jitter: f64,
    /// The receipt for a repetition, if the holder itself reported the end.
    pub(crate) digest: Option<String>,
    /// Who ended it; the lease's holder if absent.
    pub(crate) actor: Option<Actor<'a>>,
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
                cancelled(by.unwrap_or(&self.lease.holder), self.lease.cancel_note.as_deref())
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

    fn write(self, now: Timestamp, additions: &mut Additions) -> Result<(), StoreError> {
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
        let marks = additions.journal.change(Change {
            task_id: lease.task_id,
            trace_id: &lease.trace_id,
            actor: self.actor.unwrap_or(Actor::system(&lease.holder)),
            from: TaskStatus::Running,
            to,
            attempt: Some(lease.attempt),
            detail,
            record: self.record(to),
            note: self.message(),
            marks: lease.marks(),
        });
        additions.ends.push(self.attempt_end(now, to));
        if to.is_final() {
            additions.outcomes.push(self.outcome(now, to, reason, error, marks));
        } else {
            additions.ready.push(self.ready(now, run_at, disposition, marks));
        }
        Ok(())
    }

    /// What only the audit log says about the end.
    fn record(&self, to: TaskStatus) -> Vec<(&'static str, Value)> {
        let mut record = vec![("holder", Value::Null), ("fence", Value::Null)];
        if let AttemptEnd::Completed { result } = &self.end {
            record.push(("result_digest", Sha256Digest::of(result.as_bytes()).to_string().into()));
        }
        if !to.is_final() {
            return record;
        }
        record.push(("assigned_to", self.lease.shown_assignee().into()));
        if let Some(trace) = &self.trace {
            record.push(("trace_path", trace.path.clone().into()));
            record.push(("manifest_digest", trace.manifest_digest.clone().into()));
        }
        record
    }

    /// The end of the attempt's run, if it has one.
    fn run_end(&self) -> Option<runs::Ended<'_>> {
        let (status, event) = match self.disposition() {
            Disposition::Finish(TaskEvent::Complete, _) => (Status::UnderReview, WorkEvent::Completed),
            Disposition::Finish(TaskEvent::Cancel, _) => (Status::Canceled, WorkEvent::Canceled),
            Disposition::Finish(..) => (Status::Failed, WorkEvent::Failed),
            Disposition::Retry(_) => (Status::Failed, WorkEvent::Retrying),
            Disposition::Return(_) => (Status::Canceled, WorkEvent::Retrying),
        };
        Some(runs::Ended {
            run: self.lease.run_id?,
            task_id: self.lease.task_id,
            attempt: self.lease.attempt,
            actor: self.actor.unwrap_or(Actor::system(&self.lease.holder)),
            status,
            event,
            end: runs::EndKind::of(&self.end),
            failure: (status == Status::Failed).then(|| self.failure()),
            has_trace: self.trace.as_ref().is_some_and(|trace| trace.manifest_digest.is_some()),
            artifacts: self.artifacts,
            evidence: self.evidence,
            report: self.report,
        })
    }

    fn failure(&self) -> Failure {
        let reason = self.end.reason();
        let category = match reason {
            ReasonCode::NoExecutor | ReasonCode::InvalidInput | ReasonCode::HandoverRefused => FailureCategory::Policy,
            ReasonCode::ProofFailed => FailureCategory::Test,
            ReasonCode::RepoNotConfigured | ReasonCode::RefNotFound | ReasonCode::CheckoutFailed => {
                FailureCategory::Dependency
            }
            ReasonCode::CommandFailed
            | ReasonCode::CommandSignalled
            | ReasonCode::TimeBudgetExceeded
            | ReasonCode::SandboxFailed
            | ReasonCode::MemoryLimitExceeded
            | ReasonCode::ProcessLimitExceeded
            | ReasonCode::FileSizeLimitExceeded
            | ReasonCode::DiskLimitExceeded
            | ReasonCode::CpuTimeLimitExceeded
            | ReasonCode::OutputLimitExceeded
            | ReasonCode::NeedsInput
            | ReasonCode::WorkerError
            | ReasonCode::LeaseLost
            | ReasonCode::ExternalTimeout => FailureCategory::Runtime,
            _ => FailureCategory::Unknown,
        };
        let message = format!("{reason}: {}", self.message().unwrap_or_default());
        Failure { category, message: message.chars().take(FAILURE_MAX_CHARS).collect() }
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
        marks: Marks,
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
            event_seq: marks.event_seq,
            audit_seq: marks.head.seq,
            audit_hash: marks.head.hash,
        }
    }

    fn ready(self, now: Timestamp, run_at: Timestamp, disposition: Disposition, marks: Marks) -> ReadyRow {
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
            event_seq: marks.event_seq,
            audit_seq: marks.head.seq,
            audit_hash: marks.head.hash,
            lane_id: lease.lane_id,
            affinity_key: lease.affinity_key,
        }
    }
}

/// The error of a task that somebody called off.
pub(super) fn cancelled(by: &str, note: Option<&str>) -> String {
    match note {
        Some(note) => format!("cancelled by `{by}`: {note}"),
        None => format!("cancelled by `{by}`"),
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
    let mut additions = context.additions();
    let mut ended = Vec::new();
    for conclusion in &conclusions {
        ended.extend(conclusion.run_end());
    }
    runs::end(conn, context, &mut additions, ended).await?;
    manifests::keep_states(conn, context, &conclusions).await?;
    for conclusion in conclusions {
        conclusion.write(context.now, &mut additions)?;
    }
    context.went_back(&additions.ready);
    Ok(primitives::add(conn, &additions).await?)
}
