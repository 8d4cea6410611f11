//! One job in, whatever its type.

use jct_contract::{JobType, JsonValue, Principal, TaskSpec, Violation};
use jct_manifest::JobRequest;
use jct_store::model::{JobFacts, TaskState};

use super::envelope::with_key;
use super::manifest::Posted;
use super::{JobCreateError, JobCreated, JobEnvelope, JobSubmission, JobWarningCode, legacy, manifest, warnings};
use crate::Tower;
use crate::intake::{EnqueueError, EnqueueRequest, Gate, JobPart};

/// A job that is a task already, on its way to the gate.
struct Draft {
    spec: TaskSpec,
    facts: JobFacts,
    gate: Gate,
}

impl Tower {
    /// Takes a job in. Durable when this returns.
    ///
    /// # Errors
    /// [`JobCreateError`]; nothing was kept, unless the store does not know.
    pub async fn job_create(&self, submission: JobSubmission<'_>) -> Result<JobCreated, JobCreateError> {
        let (job_type, payload, envelope) = submission.split();
        match job_type {
            JobType::Task => self.task_job(payload, envelope).await,
            JobType::Manifest => {
                let request = self.manifest_request(Posted::of(payload)).await?;
                self.manifest_job_create(request, envelope).await
            }
            JobType::CodexExec | JobType::CodexSkill => self.legacy_job(job_type, payload, envelope).await,
        }
    }

    /// Judges the payload of a job that is refused for something else, so that everything is told at once. Nothing is
    /// fetched, nothing is kept, and no policy is asked.
    ///
    /// # Errors
    /// [`JobCreateError`], as [`Self::job_create`] has it for what the payload itself says.
    pub async fn job_payload_check(
        &self,
        job_type: JobType,
        payload: &JsonValue<'_>,
        principal: &Principal,
    ) -> Result<(), JobCreateError> {
        let refused = |violations| JobCreateError::Payload { job_type, violations };
        match job_type {
            JobType::Task => TaskSpec::from_document(payload).map(drop).map_err(refused),
            JobType::Manifest => self.manifest_refusal(Posted::of(payload)).await,
            JobType::CodexExec | JobType::CodexSkill => {
                legacy::read(job_type, payload, principal, None).map(drop).map_err(refused)
            }
        }
    }

    /// Takes a run of a manifest in; its bytes are fetched, judged and pinned first.
    ///
    /// # Errors
    /// [`JobCreateError`]; nothing was kept, unless the store does not know.
    pub async fn manifest_job_create(
        &self,
        request: JobRequest,
        envelope: JobEnvelope,
    ) -> Result<JobCreated, JobCreateError> {
        let job = self.manifest_job(request).await?;
        let seconds = envelope.time_budget_seconds.unwrap_or_else(|| self.manifest_seconds());
        let spec = manifest::spec(&job, &envelope.principal, seconds)?;
        let facts = JobFacts {
            job_type: JobType::Manifest,
            priority: envelope.priority,
            capabilities: job.capabilities().clone(),
            affinity_key: envelope.affinity_key.clone(),
            manifest: Some(manifest::used(&job)),
        };
        self.take(Draft { spec, facts, gate: Gate::Manifests }, envelope).await.map_err(|error| match error {
            // It was deleted after it was read.
            JobCreateError::Task(EnqueueError::ManifestGone) => {
                JobCreateError::ManifestNotFound { name: job.name().clone(), hash: None }
            }
            other => other,
        })
    }

    async fn task_job(&self, payload: &JsonValue<'_>, envelope: JobEnvelope) -> Result<JobCreated, JobCreateError> {
        if envelope.time_budget_seconds.is_some() {
            return Err(JobCreateError::TimeBudgetOfTask);
        }
        let refused = |violations: Vec<Violation>| JobCreateError::Payload { job_type: JobType::Task, violations };
        let spec = TaskSpec::from_document(payload).map_err(refused)?;
        let facts = match spec.normalize() {
            Ok(task) => JobFacts {
                priority: envelope.priority,
                affinity_key: envelope.affinity_key.clone(),
                ..JobFacts::of_task(&task)
            },
            // Without a normal spelling the gate refuses it, in words of its own.
            Err(error) => return Err(EnqueueError::Policy(jct_policy::refuse_spelling(error, self.policy())).into()),
        };
        self.take(Draft { spec, facts, gate: Gate::InForce }, envelope).await
    }

    async fn legacy_job(
        &self,
        job_type: JobType,
        payload: &JsonValue<'_>,
        envelope: JobEnvelope,
    ) -> Result<JobCreated, JobCreateError> {
        let refused = |violations| JobCreateError::Payload { job_type, violations };
        let job =
            legacy::read(job_type, payload, &envelope.principal, envelope.time_budget_seconds).map_err(refused)?;
        let facts = JobFacts {
            job_type,
            priority: envelope.priority,
            capabilities: job.capabilities,
            affinity_key: envelope.affinity_key.clone(),
            manifest: None,
        };
        self.take(Draft { spec: job.spec, facts, gate: Gate::InForce }, envelope).await
    }

    async fn take(&self, draft: Draft, envelope: JobEnvelope) -> Result<JobCreated, JobCreateError> {
        let Draft { spec, facts, gate } = draft;
        let JobEnvelope { max_attempts, idempotency_key, trace_id, principal, .. } = envelope;
        let spec = with_key(spec, idempotency_key.as_deref())?;
        let mut warnings = self.warnings(&facts).await?;
        let at = self.clock().now();
        let events = warnings.iter().map(|warning| warnings::event(warning, &facts, at)).collect();
        // The registry tells the story of a manifest, and no run of one waits for a review.
        let create_objects = (facts.job_type == JobType::Manifest).then_some(false);
        let request = EnqueueRequest { spec, trace_id, principal, hold: false, create_objects };
        let taken = self.submit(request, JobPart { facts, max_attempts, events, gate }).await;
        let taken = taken.map_err(|error| match error {
            // It came beside the payload.
            EnqueueError::ReservedKey(violation) if idempotency_key.is_some() => {
                JobCreateError::IdempotencyKey(violation)
            }
            other => other.into(),
        })?;
        if !matches!(taken.record.state, TaskState::Queued { .. }) {
            // A repetition whose job is not waiting any more.
            warnings.retain(|warning| warning.code != JobWarningCode::NoWorkerOffers);
        }
        Ok(JobCreated { record: taken.record, replayed: taken.replayed, warnings })
    }
}
