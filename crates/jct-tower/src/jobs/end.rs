//! The end of a job as its worker reports it: accepted once, and the same report again gets the same answer.

use jct_contract::{JobType, TaskId, canonical_json};
use jct_lifecycle::{AttemptEnd, JobStatus, ReasonCode};
use jct_store::model::{RunReport, SettleAnswer, Settlement, TaskRecord, TaskState};
use serde_json::{Map, Value};

use super::hold::Held;
use super::{EventLevel, JobReport, LeaseProof, WorkError};
use crate::Tower;
use crate::access::WorkerGrant;
use crate::secrets::{refuse_members, refuse_text};

/// What a job that succeeded leaves.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Completion {
    /// The result; a member `summary` is shown in lists.
    pub result: Map<String, Value>,
    /// What the next run of the same manifest begins with; only for runs of manifests.
    pub manifest_state: Option<String>,
}

/// Why a job did not succeed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// For people.
    pub message: String,
    /// Whether another attempt may do better.
    pub is_retryable: bool,
}

impl Tower {
    /// Ends a job with success. A wish to cancel it comes too late then: what ran, ran.
    ///
    /// # Errors
    /// [`WorkError`].
    pub async fn job_complete(
        &self,
        worker: &WorkerGrant,
        job: TaskId,
        proof: LeaseProof,
        completion: Completion,
    ) -> Result<TaskRecord, WorkError> {
        let held = self.held(worker, job, proof).await?;
        let record = self.store().task_get(job).await?.ok_or(WorkError::NotFound)?;
        let Completion { result, manifest_state } = completion;
        refuse_members(self.scanner(), "result", &result)?;
        if manifest_state.is_some() && record.job.job_type != JobType::Manifest {
            return Err(WorkError::NoManifest);
        }
        if is_asked_to_stop(&record) {
            let message = "completed although it was asked to stop: what ran, ran".to_owned();
            let report = JobReport { level: EventLevel::Warn, message, payload: None };
            // A lease that is gone is answered for by the settlement.
            match self.record_report(held, report).await {
                Ok(_) | Err(WorkError::Stale { .. } | WorkError::Conflict { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        let end = AttemptEnd::Completed { result: canonical_json(&Value::Object(result)) };
        self.settle(held, end, manifest_state).await
    }

    /// Ends an attempt that failed. Whether the job is tried again depends on the failure, and on how many attempts are
    /// left; a job that somebody wants cancelled is cancelled.
    ///
    /// # Errors
    /// [`WorkError`].
    pub async fn job_fail(
        &self,
        worker: &WorkerGrant,
        job: TaskId,
        proof: LeaseProof,
        failure: Failure,
    ) -> Result<TaskRecord, WorkError> {
        let held = self.held(worker, job, proof).await?;
        let Failure { message, is_retryable } = failure;
        refuse_text(self.scanner(), "errorMessage", &message)?;
        let reason = if is_retryable { ReasonCode::ReportedRetryable } else { ReasonCode::ReportedFailure };
        self.settle(held, AttemptEnd::Failed { reason, message }, None).await
    }

    /// Ends a job that somebody wanted cancelled, now that its worker has stopped.
    ///
    /// # Errors
    /// [`WorkError::Conflict`] if nobody wanted that; others as always.
    pub async fn job_cancel_ack(
        &self,
        worker: &WorkerGrant,
        job: TaskId,
        proof: LeaseProof,
        message: Option<String>,
    ) -> Result<TaskRecord, WorkError> {
        let held = self.held(worker, job, proof).await?;
        refuse_text(self.scanner(), "message", message.as_deref().unwrap_or_default())?;
        let record = self.store().task_get(job).await?.ok_or(WorkError::NotFound)?;
        if let TaskState::Running { fence, cancel_requested_at, .. } = &record.state
            && *fence == held.lease.fence
        {
            if cancel_requested_at.is_none() {
                return Err(WorkError::Conflict { status: JobStatus::Running });
            }
            if let Some(message) = message {
                self.record_report(held, JobReport { level: EventLevel::Info, message, payload: None }).await?;
            }
        }
        self.settle(held, AttemptEnd::Cancelled, None).await
    }

    /// Ends the attempt; the job as it stands then.
    async fn settle(
        &self,
        held: Held,
        end: AttemptEnd,
        manifest_state: Option<String>,
    ) -> Result<TaskRecord, WorkError> {
        let reason = end.reason();
        let settlement = Settlement {
            lease: held.lease,
            end,
            trace: None,
            artifacts: Vec::new(),
            evidence: None,
            report: RunReport::default(),
            retry: self.job_options().retry,
            jitter: rand::random(),
            manifest_state,
        };
        match self.store().settle(settlement).await? {
            SettleAnswer::Accepted(_) | SettleAnswer::Repeated { .. } => {}
            SettleAnswer::Stale { .. } => return Err(self.refusal(held).await),
        }
        let record = self.store().task_get(held.lease.task_id).await?.ok_or(WorkError::NotFound)?;
        log::info!(
            trace_id = record.trace_id.as_str(), task_id:% = record.id, attempt = held.attempt, fence:% = held.lease.fence,
            reason:% = reason, status = record.state.status().as_str();
            "attempt ended over HTTP"
        );
        Ok(record)
    }
}

fn is_asked_to_stop(record: &TaskRecord) -> bool {
    matches!(&record.state, TaskState::Running { cancel_requested_at: Some(_), .. })
}
