//! Workflows as they stand, and their versions.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderValue, LOCATION};
use jct_contract::{Sha256Digest, Timestamp, WorkflowId};
use jct_event::{TypeFilter, WorkflowRunStatus};
use jct_store::model::{WorkflowRecord, WorkflowRunRecord, WorkflowVersionRecord};
use jct_workflow::{Expression, WorkflowDefinition};
use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::WorkflowRunBody;
use super::cwom::tagged;
use super::task::raw;
use crate::problem::Problem;

/// A workflow with what its version in force defines.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Workflow)]
pub(crate) struct WorkflowBody<'a> {
    #[schema(value_type = String, format = "uuid")]
    id: WorkflowId,
    #[schema(example = "release")]
    name: &'a str,
    description: &'a str,
    /// The number of the version in force, from 1.
    version: u32,
    /// Grows with every change, not with runs; the `ETag` in quotes.
    revision: u64,
    /// Whether events start it.
    is_active: bool,
    /// Where the last run is: `idle` if there was none, `running`, `completed`, `failed` or `cancelled`.
    #[schema(example = "idle")]
    status: &'static str,
    /// Types and patterns of types of the events that start it; with none, it is only started by hand.
    trigger_events: Vec<&'a str>,
    /// What has to hold of the event as well.
    trigger_condition: Option<&'a str>,
    /// Steps of one run that run at once.
    max_parallel: usize,
    /// Seconds that a run has.
    timeout_seconds: u32,
    /// As the definition has them.
    #[schema(value_type = Vec<Object>)]
    steps: Option<&'a Value>,
    /// Of what the version in force defines.
    #[schema(value_type = String)]
    digest: Sha256Digest,
    /// Who wrote the version in force; events start it for them.
    owner: &'a str,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    updated_by: &'a str,
    /// When it was changed last; runs do not touch it.
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
    /// Runs that were ever started.
    execution_count: u64,
    #[schema(value_type = Option<String>, format = DateTime)]
    last_executed_at: Option<Timestamp>,
    /// What the last run came to.
    #[schema(value_type = Option<Object>)]
    last_result: Option<&'a RawValue>,
    /// Why the last run did not succeed.
    last_error: Option<&'a str>,
    last_run: Option<WorkflowRunBody<'a>>,
}

/// One version of a workflow; it never changes.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WorkflowVersion)]
pub(crate) struct WorkflowVersionBody<'a> {
    /// Its number, from 1.
    version: u32,
    #[schema(value_type = String)]
    digest: Sha256Digest,
    created_by: &'a str,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// Only where one version is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    definition: Option<&'a RawValue>,
}

impl<'a> WorkflowBody<'a> {
    /// `definition` is what the record's text says.
    pub(crate) fn of(record: &'a WorkflowRecord, definition: &'a WorkflowDefinition) -> Result<Self, Problem> {
        let (trigger, last) = (definition.trigger(), record.last_run.as_ref());
        let end = last.and_then(|run| run.end.as_ref());
        Ok(Self {
            id: record.id,
            name: &record.name,
            description: definition.description(),
            version: record.version,
            revision: record.revision,
            is_active: record.is_active,
            status: standing(last),
            trigger_events: trigger.event_types().iter().map(TypeFilter::as_str).collect(),
            trigger_condition: trigger.condition().map(Expression::source),
            max_parallel: definition.max_parallel(),
            timeout_seconds: definition.timeout_seconds(),
            steps: definition.source().get("steps"),
            digest: record.digest,
            owner: record.owner.name(),
            created_at: record.created_at,
            updated_by: &record.updated_by,
            updated_at: record.updated_at,
            execution_count: record.runs_started,
            last_executed_at: last.map(|run| run.created_at),
            last_result: end.and_then(|end| end.result.as_deref()).map(raw).transpose()?,
            last_error: end.and_then(|end| end.error.as_deref()),
            last_run: last.map(WorkflowRunBody::of).transpose()?,
        })
    }
}

/// Where the last run is, in the words that workflows have for it.
const fn standing(last: Option<&WorkflowRunRecord>) -> &'static str {
    let Some(run) = last else { return "idle" };
    match run.status {
        WorkflowRunStatus::Running | WorkflowRunStatus::Stopping => "running",
        WorkflowRunStatus::Succeeded => "completed",
        WorkflowRunStatus::Failed => "failed",
        WorkflowRunStatus::Cancelled => "cancelled",
    }
}

impl<'a> WorkflowVersionBody<'a> {
    pub(crate) fn of(record: &'a WorkflowVersionRecord) -> Self {
        let WorkflowVersionRecord { version, digest, definition: _, created_by, created_at } = record;
        Self { version: *version, digest: *digest, created_by, created_at: *created_at, definition: None }
    }

    /// The same with its definition.
    pub(crate) fn with_definition(record: &'a WorkflowVersionRecord) -> Result<Self, Problem> {
        Ok(Self { definition: Some(raw(&record.definition)?), ..Self::of(record) })
    }
}

/// A workflow, with its revision in the `ETag`.
pub(crate) fn workflow(record: &WorkflowRecord, definition: &WorkflowDefinition) -> Result<HttpResponse, Problem> {
    tagged(StatusCode::OK, &WorkflowBody::of(record, definition)?, record.revision)
}

/// A workflow that was defined: `201` if its name was free.
pub(crate) fn workflow_kept(
    record: &WorkflowRecord,
    definition: &WorkflowDefinition,
    created: bool,
) -> Result<HttpResponse, Problem> {
    if !created {
        return workflow(record, definition);
    }
    let mut response = tagged(StatusCode::CREATED, &WorkflowBody::of(record, definition)?, record.revision)?;
    if let Ok(location) = HeaderValue::from_str(&format!("/workflows/{}", record.id)) {
        response.headers_mut().insert(LOCATION, location);
    }
    Ok(response)
}
