//! Agents: whoever can do work, by name. A worker is one, and so are the executors and adapters that workers bring, and
//! whoever takes tasks from outside the tower.

use std::fmt;
use std::str::FromStr;

use jct_contract::Timestamp;
use jct_lifecycle::ReasonCode;

use super::Holder;

/// What stands behind an agent's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum AgentKind {
    /// What runs tasks of one kind, in every worker that has it.
    Executor,
    /// One coding agent that the executor `agent` runs.
    Adapter,
    /// A principal that takes tasks without being a worker, such as a coding agent over MCP.
    External,
    /// All worker processes and tokens of one name.
    Worker,
}

/// The text names no kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an agent is a worker, an executor, an adapter or external")]
pub struct UnknownAgentKind;

/// An agent as whoever brings it describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewAgent {
    /// What it is.
    pub kind: AgentKind,
    /// Its own name, without the kind.
    pub name: String,
    /// What it does, for people.
    pub description: String,
    /// What it is able to do.
    pub capabilities: Vec<String>,
    /// How it is set up, without anything secret: a JSON object as text.
    pub config: String,
    /// The most tasks that it may run at once, over all processes; `None` leaves what is kept as it is.
    pub max_concurrent_tasks: Option<u32>,
}

/// An agent as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentRecord {
    /// Its name among all agents: its own, with the kind before it if something of another kind had the name first.
    pub name: String,
    /// What it is.
    pub kind: AgentKind,
    /// Its own name.
    pub own_name: String,
    /// What it does.
    pub description: String,
    /// What it is able to do.
    pub capabilities: Vec<String>,
    /// How it is set up: a JSON object as text.
    pub config: String,
    /// The most tasks that it may run at once, over all processes.
    pub max_concurrent_tasks: Option<u32>,
    /// When it first showed up.
    pub created_at: Timestamp,
    /// Tasks that it runs now.
    pub running: u32,
}

/// A task that an agent ended, as far as agents are judged by it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FinishedAttempt {
    /// Who had it.
    pub holder: Holder,
    /// The executor.
    pub executor: String,
    /// The adapter, if the executor runs one.
    pub adapter: Option<String>,
    /// When the attempt began.
    pub started_at: Timestamp,
    /// When the task ended with it.
    pub finished_at: Timestamp,
    /// How.
    pub reason: ReasonCode,
    /// What went wrong, the first 500 characters; `None` if the task did not fail.
    pub error: Option<String>,
}

impl AgentKind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Executor, Self::Adapter, Self::External, Self::Worker];

    /// The name on the wire and in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Worker => "worker",
            Self::Executor => "executor",
            Self::Adapter => "adapter",
            Self::External => "external",
        }
    }

    /// The name of an agent of this kind that no agent of another kind can have: `worker:host`.
    #[must_use]
    pub fn qualified(self, own_name: &str) -> String {
        format!("{}:{own_name}", self.as_str())
    }

    /// Whether a name begins like those that [`Self::qualified`] makes. Nobody has such a name of their own: it would be
    /// taken for somebody else's.
    #[must_use]
    pub fn is_qualified(name: &str) -> bool {
        Self::ALL.iter().any(|kind| name.strip_prefix(kind.as_str()).is_some_and(|rest| rest.starts_with(':')))
    }

    /// Whether an agent of this kind, with that name of its own, is called `name`.
    #[must_use]
    pub fn is_named(self, own_name: &str, name: &str) -> bool {
        name == own_name
            || name
                .strip_prefix(self.as_str())
                .and_then(|rest| rest.strip_prefix(':'))
                .is_some_and(|own| own == own_name)
    }
}

impl FromStr for AgentKind {
    type Err = UnknownAgentKind;

    fn from_str(text: &str) -> Result<Self, UnknownAgentKind> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text).ok_or(UnknownAgentKind)
    }
}

impl fmt::Display for AgentKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
