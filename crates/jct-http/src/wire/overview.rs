//! The tower at a glance.

use std::time::Duration;

use jct_contract::{CapabilitySet, IsolationLevel, Timestamp, WorkerId};
use jct_lifecycle::TaskStatus;
use jct_store::model::{Pause, QueueStatus, WorkerRecord};
use jct_tower::agents::AgentView;
use jct_tower::queue::PauseChange;
use jct_tower::status::{Overview, ServiceView};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// The tower at a glance.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Status)]
pub(crate) struct OverviewBody<'a> {
    #[schema(example = "ok")]
    status: &'static str,
    version: &'static str,
    /// Of this process.
    uptime_seconds: u64,
    database: DatabaseBody,
    queue: QueueBody<'a>,
    workers: Vec<WorkerBody<'a>>,
    orchestrator: OrchestratorBody,
    agents: Vec<AgentGlanceBody<'a>>,
}

/// What this process does beside answering.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Orchestrator)]
struct OrchestratorBody {
    /// Its background services; a worker process beside it has its own.
    services: Vec<ServiceBody>,
}

/// A background service.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Service)]
struct ServiceBody {
    #[schema(example = "reaper")]
    name: &'static str,
    /// `running`, `failing` or `ended`.
    status: &'static str,
    /// When its last good turn ended.
    #[schema(value_type = Option<String>, format = DateTime)]
    last_turn_at: Option<Timestamp>,
    /// The log has the cause.
    last_error: Option<&'static str>,
    #[schema(value_type = Option<String>, format = DateTime)]
    last_error_at: Option<Timestamp>,
}

/// An agent at a glance; `GET /agents` says more.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AgentGlance)]
struct AgentGlanceBody<'a> {
    name: &'a str,
    /// `worker`, `executor` or `adapter`.
    #[serde(rename = "type")]
    kind: &'static str,
    /// `running`, `draining`, `stopped` or `offline`.
    status: &'static str,
    running_tasks: u32,
    max_concurrent_tasks: Option<u32>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Database)]
struct DatabaseBody {
    /// `sqlite` or `postgresql`.
    engine: &'static str,
}

/// The queue.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Queue)]
struct QueueBody<'a> {
    /// Tasks by status; counts of finished tasks stop at 100,000.
    #[schema(value_type = Object)]
    depth: Map<String, Value>,
    /// Queued tasks whose time has not come.
    not_due: u64,
    /// Since when the longest waiting due task could have run.
    #[schema(value_type = Option<String>, format = DateTime)]
    oldest_ready_at: Option<Timestamp>,
    oldest_wait_seconds: Option<f64>,
    paused: Option<PauseBody<'a>>,
}

/// A pause of the queue.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Pause)]
struct PauseBody<'a> {
    by: &'a str,
    reason: &'a str,
    #[schema(value_type = String, format = DateTime)]
    since: Timestamp,
}

/// A worker process.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Worker)]
pub(crate) struct WorkerBody<'a> {
    #[schema(value_type = String, format = "uuid")]
    id: WorkerId,
    name: &'a str,
    version: &'a str,
    executors: &'a [String],
    /// Whether it takes tasks for executors that it does not have, and fails them.
    takes_any: bool,
    /// What it offers to jobs.
    #[schema(value_type = Vec<String>)]
    capabilities: &'a CapabilitySet,
    /// The adapters of agents that it has.
    adapters: &'a [String],
    slots: u32,
    running: u32,
    #[schema(value_type = String, format = DateTime)]
    started_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    last_seen_at: Timestamp,
    /// The isolation level that it gives: `L0` to `L3`, or nothing if it did not say.
    isolation: Option<&'static str>,
}

/// How the queue stands after a request to pause or resume it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PauseChange)]
pub(crate) struct PauseChangeBody<'a> {
    /// Whether the request made a difference.
    changed: bool,
    paused: Option<PauseBody<'a>>,
}

impl<'a> OverviewBody<'a> {
    pub(crate) fn of(overview: &'a Overview, version: &'static str, uptime: Duration) -> Self {
        let QueueStatus { depth, not_due, oldest_ready_at, paused } = &overview.queue;
        let names = TaskStatus::ALL.iter().map(|status| status.as_str().to_owned());
        let queue = QueueBody {
            depth: names.zip(depth.iter().map(|count| Value::from(*count))).collect(),
            not_due: *not_due,
            oldest_ready_at: *oldest_ready_at,
            oldest_wait_seconds: overview.oldest_wait().map(|wait| wait.as_secs_f64()),
            paused: paused.as_ref().map(PauseBody::of),
        };
        Self {
            status: "ok",
            version,
            uptime_seconds: uptime.as_secs(),
            database: DatabaseBody { engine: overview.engine.as_str() },
            queue,
            workers: overview.workers.iter().map(WorkerBody::of).collect(),
            orchestrator: OrchestratorBody { services: overview.services.iter().map(ServiceBody::of).collect() },
            agents: overview.agents.iter().map(AgentGlanceBody::of).collect(),
        }
    }
}

impl ServiceBody {
    fn of(service: &ServiceView) -> Self {
        let ServiceView { name, status, last_turn_at, last_error } = service;
        let (last_error, last_error_at) = last_error.map_or((None, None), |(error, at)| (Some(error), Some(at)));
        Self { name, status: status.as_str(), last_turn_at: *last_turn_at, last_error, last_error_at }
    }
}

impl<'a> AgentGlanceBody<'a> {
    fn of(agent: &'a AgentView) -> Self {
        Self {
            name: &agent.record.name,
            kind: agent.record.kind.as_str(),
            status: agent.status.as_str(),
            running_tasks: agent.record.running,
            max_concurrent_tasks: agent.record.max_concurrent_tasks,
        }
    }
}

impl<'a> PauseBody<'a> {
    fn of(pause: &'a Pause) -> Self {
        let Pause { by, reason, at } = pause;
        Self { by, reason, since: *at }
    }
}

impl<'a> WorkerBody<'a> {
    pub(crate) fn of(worker: &'a WorkerRecord) -> Self {
        let WorkerRecord {
            id,
            name,
            version,
            executors,
            takes_any,
            capabilities,
            adapters,
            slots,
            running,
            started_at,
            last_seen_at,
            stopped_at: _,
            isolation,
        } = worker;
        Self {
            id: *id,
            name,
            version,
            executors,
            takes_any: *takes_any,
            capabilities,
            adapters,
            slots: *slots,
            running: *running,
            started_at: *started_at,
            last_seen_at: *last_seen_at,
            isolation: isolation.map(IsolationLevel::as_str),
        }
    }
}

impl<'a> PauseChangeBody<'a> {
    pub(crate) fn of(change: &'a PauseChange) -> Self {
        Self { changed: change.changed, paused: change.paused.as_ref().map(PauseBody::of) }
    }
}
