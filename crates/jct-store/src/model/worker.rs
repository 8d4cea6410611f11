//! Worker processes and their presence.

use jct_contract::{CapabilitySet, IsolationLevel, Timestamp, WorkerId};

use super::{AgentKind, ClaimFilter, NewAgent};

/// A worker that starts: a process of the tower, or one behind a token that shows up for the first time.
#[derive(Clone, Debug)]
pub struct NewWorker {
    /// A fresh id, since a restart is a new worker; that of the token for a worker behind one.
    pub id: WorkerId,
    /// For people, e.g. the host's name.
    pub name: String,
    /// The version of the binary.
    pub version: String,
    /// The executors it has.
    pub executors: Vec<String>,
    /// Which tasks it takes; what it offers stands in there.
    pub filter: ClaimFilter,
    /// How many tasks it runs at once.
    pub slots: u32,
    /// The isolation level that it gives; `None` if it does not say.
    pub isolation: Option<IsolationLevel>,
    /// The agents that it brings beside itself: its executors and its adapters.
    pub agents: Vec<NewAgent>,
    /// The most tasks that all processes of its name may run at once; `None` leaves it as it is.
    pub max_concurrent_tasks: Option<u32>,
}

impl NewWorker {
    /// The names of its adapters.
    pub(crate) fn adapters(&self) -> impl Iterator<Item = &str> {
        self.agents.iter().filter(|agent| agent.kind == AgentKind::Adapter).map(|agent| agent.name.as_str())
    }
}

/// A worker process as the store last saw it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkerRecord {
    /// The process.
    pub id: WorkerId,
    /// Its name.
    pub name: String,
    /// The version of its binary.
    pub version: String,
    /// The executors it has.
    pub executors: Vec<String>,
    /// Whether it takes any task, whatever its executor.
    pub takes_any: bool,
    /// What it offers to jobs.
    pub capabilities: CapabilitySet,
    /// The adapters of agents that it has.
    pub adapters: Vec<String>,
    /// How many tasks it runs at once.
    pub slots: u32,
    /// Tasks it holds now.
    pub running: u32,
    /// When it started.
    pub started_at: Timestamp,
    /// When it last showed up.
    pub last_seen_at: Timestamp,
    /// When it said goodbye.
    pub stopped_at: Option<Timestamp>,
    /// The isolation level that it gives; `None` if it did not say.
    pub isolation: Option<IsolationLevel>,
}
