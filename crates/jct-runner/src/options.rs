//! How a worker works, checked once when it is built.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jct_contract::{CapabilitySet, IsolationLevel};
use jct_exec::KeepRules;
use jct_lifecycle::RetryPolicy;
use jct_store::model::{ClaimFilter, NewAgent};

/// Spans that a clock might not be able to carry are cut to this.
pub(crate) const LONGEST_SPAN: Duration = Duration::from_secs(366 * 86_400);

/// When a worker ends by itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RunMode {
    /// Never; only a shutdown ends it.
    #[default]
    Serve,
    /// After one claim and what it brought.
    Once,
    /// When nothing is due any more.
    Drain,
}

/// The settings of one worker process.
#[derive(Clone, Debug)]
pub struct WorkerOptions {
    pub(crate) name: String,
    pub(crate) workspaces: PathBuf,
    pub(crate) slots: u32,
    pub(crate) filter: ClaimFilter,
    pub(crate) isolation: Option<IsolationLevel>,
    pub(crate) keep: KeepRules,
    pub(crate) lease: Duration,
    pub(crate) heartbeat: Duration,
    pub(crate) grace: Duration,
    pub(crate) stop_patience: Duration,
    pub(crate) retry: RetryPolicy,
    pub(crate) mode: RunMode,
    pub(crate) components: BTreeMap<String, String>,
    pub(crate) agents: Vec<NewAgent>,
    pub(crate) max_concurrent_tasks: Option<u32>,
}

/// Settings that a worker cannot work with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidOptions {
    /// Too few or too many slots.
    #[error("a worker has 1 to {} slots", WorkerOptions::MAX_SLOTS)]
    Slots,
    /// A lease would run out between two heartbeats of which one is lost.
    #[error("the time between heartbeats must be more than zero and less than half of the lease")]
    Heartbeat,
}

impl WorkerOptions {
    /// The most slots of one worker.
    pub const MAX_SLOTS: u32 = 1024;
    /// How long work that was told to stop, or whose time ran out, may take to end in order before it is killed:
    /// enough for SIGTERM, its grace, SIGKILL and the rest of the output.
    pub const STOP_PATIENCE: Duration = Duration::from_secs(15);

    /// One slot, any task, leases of 30 s renewed every 10 s, 30 s of grace, the default retry policy. `name` is what
    /// people see; executors make their workspaces in `workspaces`.
    #[must_use]
    pub fn new(name: impl Into<String>, workspaces: &Path) -> Self {
        let components = BTreeMap::from([("jct-runner".to_owned(), env!("CARGO_PKG_VERSION").to_owned())]);
        Self {
            name: name.into(),
            workspaces: workspaces.to_owned(),
            slots: 1,
            filter: ClaimFilter::any(CapabilitySet::default()),
            isolation: None,
            keep: KeepRules::default(),
            lease: Duration::from_secs(30),
            heartbeat: Duration::from_secs(10),
            grace: Duration::from_secs(30),
            stop_patience: Self::STOP_PATIENCE,
            retry: RetryPolicy::default(),
            mode: RunMode::Serve,
            components,
            agents: Vec::new(),
            max_concurrent_tasks: None,
        }
    }

    /// How many tasks run at once, 1 to [`WorkerOptions::MAX_SLOTS`].
    ///
    /// # Errors
    ///
    /// [`InvalidOptions::Slots`].
    pub fn with_slots(self, slots: u32) -> Result<Self, InvalidOptions> {
        if (1..=Self::MAX_SLOTS).contains(&slots) { Ok(Self { slots, ..self }) } else { Err(InvalidOptions::Slots) }
    }

    /// How long a lease lasts, and how often all of them are renewed.
    ///
    /// # Errors
    ///
    /// [`InvalidOptions::Heartbeat`] unless one heartbeat may be lost without losing the lease.
    pub fn with_lease(self, lease: Duration, heartbeat: Duration) -> Result<Self, InvalidOptions> {
        if heartbeat.is_zero() || heartbeat.saturating_mul(2) >= lease {
            return Err(InvalidOptions::Heartbeat);
        }
        Ok(Self { lease: lease.min(LONGEST_SPAN), heartbeat: heartbeat.min(LONGEST_SPAN), ..self })
    }

    /// Which tasks are claimed. [`ClaimFilter::any`] also takes tasks that no executor here fits, and fails them.
    #[must_use]
    pub fn with_filter(self, filter: ClaimFilter) -> Self {
        Self { filter, ..self }
    }

    /// The isolation level that tasks get here: those that insist on a higher one are left to others. Unless this is
    /// called, every task is taken.
    #[must_use]
    pub fn with_isolation(self, level: IsolationLevel) -> Self {
        Self { isolation: Some(level), ..self }
    }

    /// How long the workspaces of failed work are kept. Looked at when the worker starts, and hourly.
    #[must_use]
    pub fn with_keep(self, keep: KeepRules) -> Self {
        Self { keep, ..self }
    }

    /// How long running attempts may go on after a shutdown was asked for.
    #[must_use]
    pub fn with_grace(self, grace: Duration) -> Self {
        Self { grace: grace.min(LONGEST_SPAN), ..self }
    }

    /// Replaces [`WorkerOptions::STOP_PATIENCE`].
    #[must_use]
    pub fn with_stop_patience(self, stop_patience: Duration) -> Self {
        Self { stop_patience: stop_patience.min(LONGEST_SPAN), ..self }
    }

    /// How tasks are tried again.
    #[must_use]
    pub fn with_retry(self, retry: RetryPolicy) -> Self {
        Self { retry, ..self }
    }

    /// When the worker ends by itself.
    #[must_use]
    pub fn with_mode(self, mode: RunMode) -> Self {
        Self { mode, ..self }
    }

    /// The agents that register with the worker: what stands behind its executors.
    #[must_use]
    pub fn with_agents(self, agents: Vec<NewAgent>) -> Self {
        Self { agents, ..self }
    }

    /// The most tasks that all workers of this name run at once; `None` leaves the limit that is kept as it is.
    #[must_use]
    pub fn with_max_concurrent_tasks(self, max_concurrent_tasks: Option<u32>) -> Self {
        Self { max_concurrent_tasks, ..self }
    }

    /// Adds a component and its version to every trace manifest.
    #[must_use]
    pub fn with_component(mut self, name: impl Into<String>, version: impl Into<String>) -> Self {
        self.components.insert(name.into(), version.into());
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options() -> WorkerOptions {
        WorkerOptions::new("w", Path::new("workspaces"))
    }

    #[test]
    fn slots_have_a_range() {
        for (slots, fits) in [(0, false), (1, true), (1024, true), (1025, false)] {
            assert_eq!(options().with_slots(slots).is_ok(), fits, "{slots}");
        }
    }

    #[test]
    fn one_lost_heartbeat_must_not_cost_the_lease() {
        for (lease, heartbeat, fits) in [(30, 10, true), (30, 14, true), (30, 15, false), (30, 0, false), (0, 0, false)]
        {
            let result = options().with_lease(Duration::from_secs(lease), Duration::from_secs(heartbeat));
            assert_eq!(result.is_ok(), fits, "{lease} {heartbeat}");
        }
    }
}
