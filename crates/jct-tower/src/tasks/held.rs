//! What controls and limits of agents keep from a task, told by the same rules as claims are made by.

use jct_contract::{NormalizedTask, Sha256Digest};
use jct_store::model::{AgentKind, AgentRecord, ControlRecord, WorkerRecord};

use super::Blocker;

/// What controls and limits say about one task.
#[derive(Clone, Debug, Default)]
pub(super) struct Held {
    /// The controls about the task itself.
    of_task: Vec<ControlRecord>,
    /// The other controls in force.
    others: Vec<ControlRecord>,
    /// The agents that it needs, beside a worker, and that are full.
    needed_and_full: Vec<(String, u32)>,
    /// The workers that are full.
    workers: Vec<AgentRecord>,
}

impl Held {
    pub(super) fn new(
        task: &NormalizedTask,
        policy: Option<&Sha256Digest>,
        controls: Vec<ControlRecord>,
        agents: Vec<AgentRecord>,
    ) -> Self {
        let is_about = |control: &ControlRecord| policy.is_some_and(|policy| control.scope.is_about_task(task, policy));
        let (of_task, others) = controls.into_iter().partition(is_about);
        let full =
            agents.into_iter().filter(|agent| agent.max_concurrent_tasks.is_some_and(|most| agent.running >= most));
        let (workers, needs): (Vec<_>, Vec<_>) = full.partition(|agent| agent.kind == AgentKind::Worker);
        let needed_and_full = needs
            .into_iter()
            .filter(|agent| match agent.kind {
                AgentKind::Worker | AgentKind::External => false,
                AgentKind::Executor => agent.own_name == task.executor().as_str(),
                AgentKind::Adapter => task.adapter() == Some(agent.own_name.as_str()),
            })
            .filter_map(|agent| Some((agent.name, agent.max_concurrent_tasks?)))
            .collect();
        Self { of_task, others, needed_and_full, workers }
    }

    /// What holds the task, whoever would take it.
    pub(super) fn of_task(&self) -> impl Iterator<Item = Blocker> {
        let controls = self.of_task.iter().map(|control| Blocker::HeldByControl(Box::new(control.clone())));
        let full = self
            .needed_and_full
            .iter()
            .map(|(agent, limit)| Blocker::AgentFull { agent: agent.clone(), limit: *limit });
        controls.chain(full)
    }

    /// The workers that may begin something, and what keeps the others from it.
    pub(super) fn of_workers<'a>(
        &self,
        workers: impl Iterator<Item = &'a WorkerRecord>,
    ) -> (Vec<WorkerRecord>, Vec<Blocker>) {
        let (mut free, mut why) = (Vec::new(), Vec::new());
        for worker in workers {
            let held = self.others.iter().find(|control| control.scope.is_about_worker(&worker.name));
            let full = self.workers.iter().find(|agent| agent.own_name == worker.name);
            let blocker = match (held, full) {
                (Some(control), _) => Blocker::HeldByControl(Box::new(control.clone())),
                (None, Some(AgentRecord { name, max_concurrent_tasks: Some(limit), .. })) => {
                    Blocker::AgentFull { agent: name.clone(), limit: *limit }
                }
                (None, _) => {
                    free.push(worker.clone());
                    continue;
                }
            };
            if !why.contains(&blocker) {
                why.push(blocker);
            }
        }
        (free, why)
    }
}
