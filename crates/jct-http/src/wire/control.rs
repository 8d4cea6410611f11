//! Controls and agents as they are shown.

use jct_contract::{ControlId, Timestamp};
use jct_store::model::{AgentRecord, ControlRecord};
use jct_tower::agents::AgentView;
use jct_tower::controls::ControlSet;
use serde::Serialize;
use utoipa::ToSchema;

use super::job_work::WarningBody;
use super::task::raw;
use crate::problem::Problem;

/// A control.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Control)]
pub(crate) struct ControlBody<'a> {
    #[schema(value_type = String, format = "uuid")]
    id: ControlId,
    /// `all`, `repo`, `operation`, `agent` or `policy`.
    scope: &'static str,
    value: Option<String>,
    /// `hold` or `kill`.
    mode: &'static str,
    reason: &'a str,
    active: bool,
    created_by: &'a str,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    lifted_by: Option<&'a str>,
    #[schema(value_type = Option<String>, format = DateTime)]
    lifted_at: Option<Timestamp>,
}

/// A control that was just set.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CreatedControl)]
pub(crate) struct CreatedControlBody<'a> {
    #[serde(flatten)]
    control: ControlBody<'a>,
    /// Left out if there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<WarningBody<'a>>,
}

/// An agent and how it stands.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Agent)]
pub(crate) struct AgentBody<'a> {
    name: &'a str,
    /// `worker`, `executor`, `adapter` or `external`.
    #[serde(rename = "type")]
    kind: &'static str,
    /// `running`; `draining` or `stopped` if a control holds it; `offline`.
    status: &'static str,
    /// `degraded` if its last three tasks failed, or more than half of its last twenty; `unknown` if it ended none lately.
    health: &'static str,
    description: &'a str,
    capabilities: &'a [String],
    /// How it is set up, without anything secret.
    #[schema(value_type = Object)]
    config: &'a serde_json::value::RawValue,
    /// The most tasks at once, over all processes.
    max_concurrent_tasks: Option<u32>,
    /// Tasks that it runs now.
    running_tasks: u32,
    /// The controls that hold it.
    #[schema(value_type = Vec<String>)]
    held_by: &'a [ControlId],
    #[schema(value_type = Option<String>, format = DateTime)]
    last_heartbeat: Option<Timestamp>,
    #[schema(value_type = Option<String>, format = DateTime)]
    started_at: Option<Timestamp>,
    /// When it last ended a task.
    #[schema(value_type = Option<String>, format = DateTime)]
    last_activity_at: Option<Timestamp>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// Since when the following is counted: a day, or the last 10,000 ends of tasks if that is less.
    #[schema(value_type = String, format = DateTime)]
    counted_since: Timestamp,
    tasks_completed: u64,
    tasks_failed: u64,
    /// The same as `tasks_failed`, for older clients.
    error_count: u64,
    /// In milliseconds.
    average_response_time: Option<u64>,
    last_error: Option<&'a str>,
}

/// That something was done.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Done)]
pub(crate) struct DoneBody {
    #[schema(example = "success")]
    status: &'static str,
    #[schema(example = "Agent survey stopped")]
    message: String,
}

impl<'a> ControlBody<'a> {
    pub(crate) fn of(control: &'a ControlRecord) -> Self {
        let ControlRecord { id, scope, mode, reason, by, created_at, lifted } = control;
        Self {
            id: *id,
            scope: scope.kind(),
            value: scope.value(),
            mode: mode.as_str(),
            reason,
            active: lifted.is_none(),
            created_by: by.name(),
            created_at: *created_at,
            lifted_by: lifted.as_ref().map(|lifted| lifted.by.as_str()),
            lifted_at: lifted.as_ref().map(|lifted| lifted.at),
        }
    }
}

impl<'a> CreatedControlBody<'a> {
    pub(crate) fn of(set: &'a ControlSet) -> Self {
        let ControlSet { control, warnings } = set;
        let warnings =
            warnings.iter().map(|warning| WarningBody::new(warning.code.as_str(), &warning.message)).collect();
        Self { control: ControlBody::of(control), warnings }
    }
}

impl<'a> AgentBody<'a> {
    pub(crate) fn of(agent: &'a AgentView) -> Result<Self, Problem> {
        let AgentView { record, status, health, held_by, last_heartbeat, started_at, counted_since, recent } = agent;
        let AgentRecord { name, kind, own_name: _, description, capabilities, config, .. } = record;
        Ok(Self {
            name,
            kind: kind.as_str(),
            status: status.as_str(),
            health: health.as_str(),
            description,
            capabilities,
            config: raw(config)?,
            max_concurrent_tasks: record.max_concurrent_tasks,
            running_tasks: record.running,
            held_by,
            last_heartbeat: *last_heartbeat,
            started_at: *started_at,
            last_activity_at: recent.last_finished_at,
            created_at: record.created_at,
            counted_since: *counted_since,
            tasks_completed: recent.completed,
            tasks_failed: recent.failed,
            error_count: recent.failed,
            average_response_time: recent.mean_duration.and_then(|mean| u64::try_from(mean.as_millis()).ok()),
            last_error: recent.last_error.as_deref(),
        })
    }
}

impl DoneBody {
    pub(crate) const fn new(message: String) -> Self {
        Self { status: "success", message }
    }
}
