//! How each agent stands: held or not, alive or not, and what it did lately.

use std::time::Duration;

use jct_contract::{ControlId, Timestamp};
use jct_store::StoreError;
use jct_store::model::{AgentKind, AgentRecord, ControlRecord, FinishedAttempt, WorkerRecord};

use super::{AgentError, AgentHealth, PRESENCE, Recent};
use crate::Tower;

/// What agents are judged by is not older than this.
const LATELY: Duration = Duration::from_secs(86_400);
/// And no more than this many ends of tasks, of all agents together.
const MOST_ENDS: u32 = 10_000;

/// Whether an agent takes work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AgentStatus {
    /// A process of it lives, and nothing holds it.
    Running,
    /// It is held, and something that it began still runs.
    Draining,
    /// It is held, and nothing of it runs.
    Stopped,
    /// No process of it lives.
    Offline,
}

/// An agent and how it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct AgentView {
    /// What is kept of it.
    pub record: AgentRecord,
    /// Whether it takes work.
    pub status: AgentStatus,
    /// Whether it does what it should.
    pub health: AgentHealth,
    /// The controls that hold it as such.
    pub held_by: Vec<ControlId>,
    /// When a process of it last showed up; `None` if none did within a day.
    pub last_heartbeat: Option<Timestamp>,
    /// Since when the oldest of its living processes runs.
    pub started_at: Option<Timestamp>,
    /// Since when what it ended is counted.
    pub counted_since: Timestamp,
    /// What it ended since.
    pub recent: Recent,
}

impl AgentStatus {
    /// The name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Draining => "draining",
            Self::Stopped => "stopped",
            Self::Offline => "offline",
        }
    }
}

/// What agents are looked at with.
struct Surroundings {
    now: Timestamp,
    controls: Vec<ControlRecord>,
    workers: Vec<WorkerRecord>,
    ended: Vec<FinishedAttempt>,
}

impl Tower {
    /// Every agent that ever registered, by name.
    ///
    /// # Errors
    /// [`StoreError`] when the database cannot be read.
    pub async fn agents(&self) -> Result<Vec<AgentView>, StoreError> {
        let day_ago = before(self.store().now().await?, LATELY);
        let ended = self.store().attempts_finished(day_ago, MOST_ENDS).await?;
        self.agents_after(ended).await
    }

    /// Every agent, without what it did lately: that costs most.
    pub(crate) async fn agents_at_a_glance(&self) -> Result<Vec<AgentView>, StoreError> {
        self.agents_after(Vec::new()).await
    }

    async fn agents_after(&self, ended: Vec<FinishedAttempt>) -> Result<Vec<AgentView>, StoreError> {
        let now = self.store().now().await?;
        let (controls, workers) =
            (self.store().controls_active().await?, self.store().workers(before(now, LATELY)).await?);
        let surroundings = Surroundings { now, controls, workers, ended };
        Ok(self.store().agents().await?.into_iter().map(|agent| surroundings.view(agent)).collect())
    }

    /// One agent.
    ///
    /// # Errors
    /// [`AgentError`].
    pub async fn agent(&self, name: &str) -> Result<AgentView, AgentError> {
        self.agents().await?.into_iter().find(|agent| agent.record.name == name).ok_or(AgentError::NotFound)
    }
}

impl Surroundings {
    fn view(&self, record: AgentRecord) -> AgentView {
        let hosts = || self.workers.iter().filter(|worker| is_host(worker, &record));
        let alive_after = before(self.now, PRESENCE);
        let living = || hosts().filter(|worker| worker.last_seen_at > alive_after);
        let holds = self.controls.iter().filter(|control| control.scope.is_about_agent(record.kind, &record.own_name));
        let held_by: Vec<ControlId> = holds.map(|control| control.id).collect();
        // Whoever is outside has no process that shows up: it is known to live while it holds a task.
        let at_work = record.kind == AgentKind::External && record.running > 0;
        let status = match (held_by.is_empty(), at_work || living().next().is_some()) {
            (false, _) if record.running > 0 => AgentStatus::Draining,
            (false, _) => AgentStatus::Stopped,
            (true, true) => AgentStatus::Running,
            (true, false) => AgentStatus::Offline,
        };
        let recent = Recent::of(&record, &self.ended);
        AgentView {
            status,
            health: recent.health(),
            held_by,
            last_heartbeat: hosts().map(|worker| worker.last_seen_at).max(),
            started_at: living().map(|worker| worker.started_at).min(),
            counted_since: self.counted_since(),
            recent,
            record,
        }
    }

    /// Of a busy tower not the whole day is read.
    fn counted_since(&self) -> Timestamp {
        let day_ago = before(self.now, LATELY);
        match self.ended.last() {
            Some(oldest) if self.ended.len() >= MOST_ENDS as usize => oldest.finished_at,
            _ => day_ago,
        }
    }
}

fn is_host(worker: &WorkerRecord, agent: &AgentRecord) -> bool {
    match agent.kind {
        AgentKind::Worker => worker.name == agent.own_name,
        AgentKind::Executor => worker.executors.contains(&agent.own_name),
        AgentKind::Adapter => worker.adapters.contains(&agent.own_name),
        AgentKind::External => false,
    }
}

fn before(now: Timestamp, span: Duration) -> Timestamp {
    Timestamp::from_micros(now.as_micros().saturating_sub(i64::try_from(span.as_micros()).unwrap_or(i64::MAX)))
}
