//! What goes back to workers and to those who read what workers left.

use jct_contract::{JobArtifactId, TaskId, Timestamp, WorkerId};
use jct_store::model::{Cursor, JobArtifactRecord, TaskRecord, WorkerTokenRecord};
use jct_tower::access::NewToken;
use jct_tower::jobs::Renewed;
use jct_tower::jobs::intake::{JobCreated, JobWarning};
use serde::Serialize;
use utoipa::ToSchema;

use super::job::OperatorJobBody;

/// A page of a list.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ItemsBody<T> {
    items: Vec<T>,
    /// Where the next page begins; `null` on the last.
    next_cursor: Option<String>,
}

/// Something about what was accepted that whoever sent it should know.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Warning)]
pub(crate) struct WarningBody<'a> {
    #[schema(example = "NO_WORKER_OFFERS")]
    code: &'static str,
    message: &'a str,
}

/// A job that was just handed in.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CreatedJob)]
pub(crate) struct CreatedJobBody<'a> {
    #[serde(flatten)]
    job: OperatorJobBody<'a>,
    warnings: Vec<WarningBody<'a>>,
}

/// A renewed lease, and whether somebody wants the job to stop.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RenewedLease)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RenewedBody<'a> {
    status: &'static str,
    #[schema(value_type = String, format = DateTime)]
    lease_expires_at: Timestamp,
    #[schema(value_type = Option<String>, format = DateTime)]
    cancel_requested_at: Option<Timestamp>,
    cancel_reason: Option<&'a str>,
}

/// A file of a job.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = JobArtifact)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ArtifactBody<'a> {
    #[schema(value_type = String, format = "uuid")]
    id: JobArtifactId,
    #[schema(value_type = String, format = "uuid")]
    job_id: TaskId,
    name: &'a str,
    content_type: &'a str,
    size_bytes: u64,
    /// `sha256:` and 64 hexadecimal digits.
    digest: String,
    /// The attempt that left it, from 1.
    attempt: u32,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

/// The token of a worker as it is kept.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WorkerToken)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WorkerTokenBody<'a> {
    #[schema(value_type = String, format = "uuid")]
    id: WorkerId,
    /// The name of the worker.
    worker_id: &'a str,
    description: Option<&'a str>,
    /// `null` if all are allowed.
    allowed_repositories: Option<&'a [String]>,
    /// `null` if all are allowed.
    allowed_job_types: Option<Vec<&'static str>>,
    /// `null` if the worker says itself what it can do.
    #[schema(value_type = Option<Vec<String>>)]
    capabilities: Option<&'a [jct_contract::Capability]>,
    /// Neither revoked nor expired.
    is_active: bool,
    created_by: &'a str,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Timestamp>,
    #[schema(value_type = Option<String>, format = DateTime)]
    revoked_at: Option<Timestamp>,
    /// To the minute.
    #[schema(value_type = Option<String>, format = DateTime)]
    last_used_at: Option<Timestamp>,
}

/// A token that was just made.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = NewWorkerToken)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NewTokenBody<'a> {
    /// The secret. It is shown this once and kept nowhere.
    token: &'a str,
    worker_token: WorkerTokenBody<'a>,
}

impl<T> ItemsBody<T> {
    pub(crate) fn new(items: Vec<T>, next: Option<Cursor>) -> Self {
        Self { items, next_cursor: next.map(|cursor| cursor.to_string()) }
    }

    /// The same for a list that goes on after a name.
    pub(crate) const fn named(items: Vec<T>, next_cursor: Option<String>) -> Self {
        Self { items, next_cursor }
    }

    /// The same for a list that goes on after a number.
    pub(crate) fn numbered(items: Vec<T>, next: Option<u64>) -> Self {
        Self { items, next_cursor: next.map(|number| number.to_string()) }
    }
}

impl<'a> WarningBody<'a> {
    pub(crate) fn of(warning: &'a JobWarning) -> Self {
        Self::new(warning.code.as_str(), &warning.message)
    }

    pub(crate) const fn new(code: &'static str, message: &'a str) -> Self {
        Self { code, message }
    }
}

impl<'a> CreatedJobBody<'a> {
    pub(crate) fn of(created: &'a JobCreated) -> Self {
        let warnings = created.warnings.iter().map(WarningBody::of).collect();
        Self { job: OperatorJobBody::of(&created.record), warnings }
    }
}

impl<'a> RenewedBody<'a> {
    pub(crate) fn of(renewed: &'a Renewed) -> Self {
        let Renewed { expires_at, cancel } = renewed;
        Self {
            status: jct_lifecycle::JobStatus::Running.as_str(),
            lease_expires_at: *expires_at,
            cancel_requested_at: cancel.as_ref().map(|wish| wish.requested_at),
            cancel_reason: cancel.as_ref().and_then(|wish| wish.reason.as_deref()),
        }
    }
}

impl<'a> ArtifactBody<'a> {
    pub(crate) fn of(record: &'a JobArtifactRecord) -> Self {
        let JobArtifactRecord {
            id,
            task_id,
            attempt,
            worker_id: _,
            principal: _,
            name,
            content_type,
            size_bytes,
            digest,
            created_at,
        } = record;
        Self {
            id: *id,
            job_id: *task_id,
            name,
            content_type,
            size_bytes: *size_bytes,
            digest: digest.to_string(),
            attempt: *attempt,
            created_at: *created_at,
        }
    }
}

impl<'a> WorkerTokenBody<'a> {
    pub(crate) fn of(record: &'a WorkerTokenRecord, now: Timestamp) -> Self {
        Self {
            id: record.id,
            worker_id: &record.worker_name,
            description: record.description.as_deref(),
            allowed_repositories: record.repositories.as_deref(),
            allowed_job_types: record.types.as_ref().map(|types| types.iter().map(|one| one.as_str()).collect()),
            capabilities: record.capabilities.as_ref().map(|set| set.as_slice()),
            is_active: record.is_valid_at(now),
            created_by: &record.created_by,
            created_at: record.created_at,
            expires_at: record.expires_at,
            revoked_at: record.revoked_at,
            last_used_at: record.last_used_at,
        }
    }
}

impl<'a> NewTokenBody<'a> {
    pub(crate) fn of(token: &'a NewToken, now: Timestamp) -> Self {
        Self { token: token.secret.reveal(), worker_token: WorkerTokenBody::of(&token.record, now) }
    }
}

/// Jobs as operators see them.
pub(crate) fn jobs(records: &[TaskRecord]) -> Vec<OperatorJobBody<'_>> {
    records.iter().map(OperatorJobBody::of).collect()
}
