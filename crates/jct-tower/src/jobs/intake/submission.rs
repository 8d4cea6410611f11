//! What is handed in, and what comes back.

use jct_contract::{AffinityKey, JobType, JsonValue, Principal, Priority, TraceId};
use jct_store::model::TaskRecord;

/// A job handed in.
#[derive(Clone, Debug)]
pub struct JobSubmission<'d> {
    /// What kind of job it is; it decides how the payload is read.
    pub job_type: JobType,
    /// The payload as it was parsed, so that nothing about it is lost: repeated names and inexact numbers are refused.
    pub payload: &'d JsonValue<'d>,
    /// How urgent it is.
    pub priority: Priority,
    /// The jobs that it would rather share a worker with.
    pub affinity_key: Option<AffinityKey>,
    /// Attempts it gets in all, 1 to 100; as the tower is configured if absent.
    pub max_attempts: Option<u32>,
    /// Seconds for one attempt; if absent 3600 for a manifest, and what the contract says for the rest. Not for a job of
    /// type `task`, whose payload says it.
    pub time_budget_seconds: Option<u64>,
    /// Makes a repeated submission harmless: the same key with the same job answers with the job first created. Type,
    /// payload and time budget make a job the same; priority, affinity key and attempts do not count.
    pub idempotency_key: Option<String>,
    /// Follows it from here on.
    pub trace_id: TraceId,
    /// Who was authenticated.
    pub principal: Principal,
}

/// What every job has beside its type and its payload. The fields are those of [`JobSubmission`].
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "each means what the field of the same name means there")]
pub struct JobEnvelope {
    pub priority: Priority,
    pub affinity_key: Option<AffinityKey>,
    pub max_attempts: Option<u32>,
    pub time_budget_seconds: Option<u64>,
    pub idempotency_key: Option<String>,
    pub trace_id: TraceId,
    pub principal: Principal,
}

impl<'d> JobSubmission<'d> {
    /// Type and payload, and the rest.
    pub(super) fn split(self) -> (JobType, &'d JsonValue<'d>, JobEnvelope) {
        let Self {
            job_type,
            payload,
            priority,
            affinity_key,
            max_attempts,
            time_budget_seconds,
            idempotency_key,
            trace_id,
            principal,
        } = self;
        let envelope = JobEnvelope {
            priority,
            affinity_key,
            max_attempts,
            time_budget_seconds,
            idempotency_key,
            trace_id,
            principal,
        };
        (job_type, payload, envelope)
    }
}

/// A job that is durable.
#[derive(Clone, Debug)]
pub struct JobCreated {
    /// The task that the job is, as it stands now.
    pub record: TaskRecord,
    /// Whether it was handed in before; then nothing was written.
    pub replayed: bool,
    /// What its submitter should know.
    pub warnings: Vec<JobWarning>,
}

/// Something about an accepted job that its submitter should know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobWarning {
    /// What it is, for programs.
    pub code: JobWarningCode,
    /// What it is, for people.
    pub message: String,
}

/// The kinds of warning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobWarningCode {
    /// No worker that is there now offers what the job needs, so that it waits until one comes.
    NoWorkerOffers,
    /// The job has a type that is kept for old clients only.
    LegacyJobType,
}

impl JobWarningCode {
    /// The stable text form.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NoWorkerOffers => "NO_WORKER_OFFERS",
            Self::LegacyJobType => "LEGACY_JOB_TYPE",
        }
    }
}
