//! The job object in two forms, which are two types so that neither is ever sent for the other: what operators see, and
//! what only the holder of the lease sees.

use jct_contract::{Capability, JobType, TaskId, Timestamp};
use jct_lifecycle::{JobStatus, LeaseId, ReasonCode};
use jct_store::model::{TaskRecord, TaskState};
use jct_tower::access::WorkerGrant;
use jct_tower::jobs::LeasedJob;
use jct_tower::jobs::intake::payload_of;
use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::task::raw;
use crate::problem::Problem;

/// A job as operators see it. It never has the content of a manifest.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Job)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OperatorJobBody<'a> {
    #[schema(value_type = String, format = "uuid")]
    id: TaskId,
    #[schema(example = "manifest")]
    r#type: &'static str,
    /// `queued`, `running`, `succeeded`, `failed`, `cancelled` or `dead_letter`.
    #[schema(example = "queued")]
    status: &'static str,
    priority: i16,
    /// What was handed in, in its normal form.
    #[schema(value_type = Object)]
    payload: Value,
    /// What a worker must have to take it.
    #[schema(value_type = Vec<String>)]
    required_capabilities: &'a [Capability],
    affinity_key: Option<&'a str>,
    created_by: &'a str,
    /// The worker that has it, or had it last.
    claimed_by: Option<&'a str>,
    #[schema(value_type = Option<String>, format = DateTime)]
    lease_expires_at: Option<Timestamp>,
    /// Not before this moment; only while queued.
    #[schema(value_type = Option<String>, format = DateTime)]
    next_attempt_at: Option<Timestamp>,
    /// Attempts made so far, the running one included.
    attempt: u32,
    /// Attempts it gets in all; known while it is queued or running.
    max_attempts: Option<u32>,
    /// The member `summary` of the result.
    result_summary: Option<String>,
    /// Why a job ended that did not succeed.
    error: Option<&'a str>,
    /// Why the job, or its last attempt, ended.
    #[schema(value_type = Option<String>, example = "COMPLETED")]
    reason: Option<ReasonCode>,
    #[schema(value_type = Option<String>, format = DateTime)]
    cancel_requested_at: Option<Timestamp>,
    cancel_reason: Option<&'a str>,
    #[schema(value_type = Option<String>, format = DateTime)]
    started_at: Option<Timestamp>,
    #[schema(value_type = Option<String>, format = DateTime)]
    finished_at: Option<Timestamp>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
    trace_id: &'a str,
    /// The whole result; only with `expand=result`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    result: Option<&'a RawValue>,
}

/// A job in the hands of a worker: all of it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LeasedJob)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LeasedJobBody<'a> {
    #[serde(flatten)]
    job: OperatorJobBody<'a>,
    /// The text of the manifest to run, byte for byte what its hash is of; absent from jobs of other types.
    content: Option<&'a str>,
    /// What the last run of the same manifest left, if it left something.
    #[schema(value_type = Option<Object>)]
    manifest_state: Option<Value>,
    lease: JobLeaseBody,
}

/// What a worker sends back with every call about the job.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = JobLease)]
#[serde(rename_all = "camelCase")]
struct JobLeaseBody {
    #[schema(format = "uuid")]
    id: String,
    /// `epoch.generation`.
    #[schema(example = "1.3")]
    fence: String,
    /// When the lease ends unless it is renewed.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
}

/// What a worker gets that asked for jobs.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ClaimedJobs)]
pub(crate) struct ClaimedBody<'a> {
    /// The first of them; `null` if there is none.
    job: Option<LeasedJobBody<'a>>,
    /// All of them.
    jobs: Vec<LeasedJobBody<'a>>,
}

/// What depends on where the job stands.
#[derive(Default)]
struct Standing<'a> {
    claimed_by: Option<&'a str>,
    lease_expires_at: Option<Timestamp>,
    next_attempt_at: Option<Timestamp>,
    attempt: u32,
    max_attempts: Option<u32>,
    result: Option<&'a str>,
    error: Option<&'a str>,
    reason: Option<ReasonCode>,
    cancel_requested_at: Option<Timestamp>,
    cancel_reason: Option<&'a str>,
    started_at: Option<Timestamp>,
    finished_at: Option<Timestamp>,
}

impl<'a> OperatorJobBody<'a> {
    pub(crate) fn of(record: &'a TaskRecord) -> Self {
        let standing = Standing::of(&record.state);
        let job_type: JobType = record.job.job_type;
        let status: JobStatus = record.state.job_status();
        Self {
            id: record.id,
            r#type: job_type.as_str(),
            status: status.as_str(),
            priority: record.job.priority.get(),
            payload: payload_of(&record.task, job_type),
            required_capabilities: record.job.capabilities.as_slice(),
            affinity_key: record.job.affinity_key.as_ref().map(|key| key.as_str()),
            created_by: record.submitter.name(),
            claimed_by: standing.claimed_by,
            lease_expires_at: standing.lease_expires_at,
            next_attempt_at: standing.next_attempt_at,
            attempt: standing.attempt,
            max_attempts: standing.max_attempts,
            result_summary: standing.result.and_then(summary),
            error: standing.error,
            reason: standing.reason,
            cancel_requested_at: standing.cancel_requested_at,
            cancel_reason: standing.cancel_reason,
            started_at: standing.started_at,
            finished_at: standing.finished_at,
            created_at: record.created_at,
            updated_at: record.state.updated_at(),
            trace_id: record.trace_id.as_str(),
            result: None,
        }
    }

    /// The same with the whole result.
    pub(crate) fn with_result(record: &'a TaskRecord) -> Result<Self, Problem> {
        let result = Standing::of(&record.state).result.map(raw).transpose()?;
        Ok(Self { result, ..Self::of(record) })
    }
}

impl<'a> Standing<'a> {
    fn of(state: &'a TaskState) -> Self {
        match state {
            TaskState::Pending { .. } => Self::default(),
            TaskState::Queued { started_at, run_at, attempts, max_attempts, last_reason, .. } => Self {
                next_attempt_at: Some(*run_at),
                attempt: *attempts,
                max_attempts: Some(*max_attempts),
                reason: *last_reason,
                started_at: *started_at,
                ..Self::default()
            },
            TaskState::Running {
                started_at,
                expires_at,
                attempt,
                max_attempts,
                assigned_to,
                cancel_requested_at,
                cancel_note,
                ..
            } => Self {
                claimed_by: Some(assigned_to),
                lease_expires_at: Some(*expires_at),
                attempt: *attempt,
                max_attempts: Some(*max_attempts),
                cancel_requested_at: *cancel_requested_at,
                cancel_reason: cancel_note.as_deref(),
                started_at: Some(*started_at),
                ..Self::default()
            },
            TaskState::Finished { reason, outcome, started_at, finished_at, attempt, assigned_to, .. } => Self {
                claimed_by: assigned_to.as_deref(),
                attempt: attempt.unwrap_or(0),
                result: outcome.as_deref().ok(),
                error: outcome.as_ref().err().map(String::as_str),
                reason: Some(*reason),
                started_at: *started_at,
                finished_at: Some(*finished_at),
                ..Self::default()
            },
        }
    }
}

impl<'a> LeasedJobBody<'a> {
    fn of(job: &'a LeasedJob, worker: &WorkerGrant) -> Self {
        let LeasedJob { claimed, record } = job;
        let manifest = claimed.manifest.as_ref();
        let state = manifest.and_then(|manifest| manifest.state.as_deref());
        Self {
            job: OperatorJobBody::of(record),
            content: manifest.map(|manifest| manifest.content.as_str()),
            manifest_state: state.map(|text| serde_json::from_str(text).unwrap_or_else(|_| text.into())),
            lease: JobLeaseBody {
                id: LeaseId::of(claimed.lease, worker.id()).to_string(),
                fence: claimed.lease.fence.to_string(),
                expires_at: claimed.expires_at,
            },
        }
    }
}

impl<'a> ClaimedBody<'a> {
    pub(crate) fn of(jobs: &'a [LeasedJob], worker: &WorkerGrant) -> Self {
        let body = |job| LeasedJobBody::of(job, worker);
        Self { job: jobs.first().map(body), jobs: jobs.iter().map(body).collect() }
    }
}

/// The part of a result that is shown in lists.
fn summary(result: &str) -> Option<String> {
    #[derive(serde::Deserialize)]
    struct Summary {
        summary: String,
    }
    // A result without one, or with one that is no text, has none to show.
    serde_json::from_str::<Summary>(result).ok().map(|found| found.summary)
}
