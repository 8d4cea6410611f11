//! How well an agent does, from what it ended lately. Derived when somebody asks: a counter beside each agent would be one
//! row that every end of an attempt waits for.

use std::time::Duration;

use jct_contract::Timestamp;
use jct_lifecycle::ReasonCode;
use jct_store::model::{AgentKind, AgentRecord, FinishedAttempt, Holder};

/// The last tasks that health is judged by.
const JUDGED: usize = 20;
/// So many failures in a row are no accident.
const FAILURES_IN_A_ROW: usize = 3;

/// Whether an agent does what it should.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AgentHealth {
    /// Neither of the others.
    Healthy,
    /// Its last three tasks failed, or more than half of its last twenty.
    Degraded,
    /// It ended nothing lately.
    Unknown,
}

/// What an agent did lately. Cancelled tasks count for nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recent {
    /// Tasks that it completed.
    pub completed: u64,
    /// Tasks that failed in its hands.
    pub failed: u64,
    /// How long its completed and failed attempts took on average.
    pub mean_duration: Option<Duration>,
    /// What went wrong last.
    pub last_error: Option<String>,
    /// When it last ended a task.
    pub last_finished_at: Option<Timestamp>,
    /// Of the last twenty, the latest first, which failed.
    outcomes: Vec<bool>,
}

impl AgentHealth {
    /// The name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::Degraded => "degraded",
            Self::Unknown => "unknown",
        }
    }
}

impl Recent {
    /// What of `ended`, the latest first, is the agent's.
    pub(super) fn of(agent: &AgentRecord, ended: &[FinishedAttempt]) -> Self {
        let mut recent = Self::default();
        let mut spent = Duration::ZERO;
        for one in ended.iter().filter(|one| is_of(agent, one)) {
            recent.last_finished_at.get_or_insert(one.finished_at);
            if one.reason == ReasonCode::Cancelled {
                continue;
            }
            match &one.error {
                None => recent.completed += 1,
                Some(error) => {
                    recent.failed += 1;
                    recent.last_error.get_or_insert_with(|| error.clone());
                }
            }
            spent += one.finished_at.since(one.started_at);
            if recent.outcomes.len() < JUDGED {
                recent.outcomes.push(one.error.is_some());
            }
        }
        let count = u32::try_from(recent.completed + recent.failed).unwrap_or(u32::MAX);
        recent.mean_duration = spent.checked_div(count);
        recent
    }

    /// Whether the agent does what it should.
    #[must_use]
    pub fn health(&self) -> AgentHealth {
        let failed = self.outcomes.iter().filter(|failed| **failed).count();
        let in_a_row = self.outcomes.iter().take_while(|failed| **failed).count();
        match self.outcomes.len() {
            0 => AgentHealth::Unknown,
            judged if in_a_row >= FAILURES_IN_A_ROW || failed * 2 > judged => AgentHealth::Degraded,
            _ => AgentHealth::Healthy,
        }
    }
}

fn is_of(agent: &AgentRecord, one: &FinishedAttempt) -> bool {
    match (agent.kind, &one.holder) {
        (AgentKind::Worker, Holder::Worker { name, .. }) => *name == agent.own_name,
        (AgentKind::Executor, Holder::Worker { .. }) => one.executor == agent.own_name,
        (AgentKind::Adapter, Holder::Worker { .. }) => one.adapter.as_ref() == Some(&agent.own_name),
        (AgentKind::External, Holder::External { principal }) => *principal == agent.own_name,
        (AgentKind::External, Holder::Worker { .. }) | (_, Holder::External { .. }) => false,
    }
}

#[cfg(test)]
mod tests {
    use jct_contract::WorkerId;

    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(seconds * 1_000_000)
    }

    fn agent(kind: AgentKind) -> AgentRecord {
        AgentRecord {
            name: "survey".to_owned(),
            kind,
            own_name: "survey".to_owned(),
            description: String::new(),
            capabilities: Vec::new(),
            config: "{}".to_owned(),
            max_concurrent_tasks: None,
            created_at: at(0),
            running: 0,
        }
    }

    /// `c` completed, `f` failed, `x` cancelled, `o` another's, `e` completed by `survey` outside; the latest first.
    fn ended(ends: &str) -> Vec<FinishedAttempt> {
        let worker = || Holder::Worker { id: WorkerId::at(at(0)), name: "w".to_owned() };
        ends.chars()
            .zip((0..1_000).rev())
            .map(|(end, second)| FinishedAttempt {
                holder: if end == 'e' { Holder::External { principal: "survey".to_owned() } } else { worker() },
                executor: if end == 'o' { "command" } else { "survey" }.to_owned(),
                adapter: None,
                started_at: at(second),
                finished_at: at(second + 4),
                reason: if end == 'x' { ReasonCode::Cancelled } else { ReasonCode::CommandFailed },
                error: (end == 'f').then(|| format!("error {second}")),
            })
            .collect()
    }

    fn recent(ends: &str) -> Recent {
        Recent::of(&agent(AgentKind::Executor), &ended(ends))
    }

    #[test]
    fn only_its_own_ends_count_and_cancelled_ones_for_nothing() {
        let found = recent("xofcc");
        assert_eq!((found.completed, found.failed), (2, 1));
        assert_eq!(found.mean_duration, Some(Duration::from_secs(4)));
        assert_eq!(found.last_error.as_deref(), Some("error 997"));
        assert_eq!(found.last_finished_at, Some(at(1_003)));
        assert_eq!(recent("").mean_duration, None);
    }

    #[test]
    fn what_is_done_outside_counts_for_whoever_did_it_there() {
        let completed = |kind| Recent::of(&agent(kind), &ended("cceo")).completed;
        assert_eq!([AgentKind::Executor, AgentKind::External].map(completed), [2, 1]);
    }

    #[test]
    fn health_follows_the_last_twenty() {
        for (ends, expect) in [
            ("", AgentHealth::Unknown),
            ("xxo", AgentHealth::Unknown),
            ("c", AgentHealth::Healthy),
            ("f", AgentHealth::Degraded),
            ("fc", AgentHealth::Healthy),
            ("ffc", AgentHealth::Degraded),
            ("ffccc", AgentHealth::Healthy),
            ("fffccccccc", AgentHealth::Degraded),
            ("cffcffcf", AgentHealth::Degraded),
            ("ccccccccccccccccccccffffffffffffffffffffffff", AgentHealth::Healthy),
        ] {
            assert_eq!(recent(ends).health(), expect, "{ends}");
        }
    }
}
