//! The run of one attempt of a worker at a task: opened by the worker, pinned to what the task was made into.

use jct_contract::{
    ConstraintSnapshotId, ContextPacketId, ExecutorName, IssueId, NormalizedTask, RepoId, RequesterKind,
};
use serde_json::Map;

use super::keys;
use crate::objects::NewRun;
use crate::primitives::{Actor, Executor, Ref, RunInputs, RunPlan};
use crate::words::RunMode;

/// One attempt of a worker.
#[derive(Clone, Copy, Debug)]
pub struct Attempt<'a> {
    /// The issue of the task.
    pub issue: IssueId,
    /// The repository of that issue.
    pub repo: RepoId,
    /// The latest context packet of that issue.
    pub context_packet: Option<ContextPacketId>,
    /// The limits of the task.
    pub constraint_snapshot: Option<ConstraintSnapshotId>,
    /// The name of the worker, 1 to 128 characters.
    pub worker: &'a str,
    /// The ordinal of the attempt, counted from one.
    pub ordinal: u32,
}

/// The longest name of an agent, in bytes.
const AGENT_NAME_MAX_BYTES: usize = 64;

/// The run of an attempt at `task`. Its mode is `agent` if the task asks for the executor of that name, else `system`.
///
/// Who does the work is the agent that the task names, if an agent is to do it, else the worker; the worker stands as `holder`
/// in `meta` in any case.
#[must_use]
pub fn run_of(task: &NormalizedTask, attempt: &Attempt<'_>) -> NewRun {
    let executor = task.executor();
    let mode = if executor == ExecutorName::AGENT { RunMode::Agent } else { RunMode::System };
    NewRun {
        for_issue: attempt.issue.into(),
        repo: attempt.repo.into(),
        inputs: RunInputs {
            context_packets: attempt.context_packet.map(Ref::from).into_iter().collect(),
            doctrine_refs: Vec::new(),
            constraint_snapshot: attempt.constraint_snapshot.map(Ref::from),
        },
        mode,
        executor: Executor {
            actor: actor_of(task, attempt.worker),
            runtime: "local".to_owned(),
            toolchain: vec![executor.to_string()],
        },
        plan: RunPlan::default(),
        tags: Vec::new(),
        meta: Map::from_iter([
            (keys::SOURCE.to_owned(), keys::JCT_TASK.into()),
            (keys::ATTEMPT.to_owned(), attempt.ordinal.into()),
            (keys::HOLDER.to_owned(), attempt.worker.into()),
        ]),
    }
}

/// A text that no agent can be called names nobody: such a task fails, and it was the worker that said so.
fn actor_of(task: &NormalizedTask, worker: &str) -> Actor {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    let name = |name: &&str| (1..=AGENT_NAME_MAX_BYTES).contains(&name.len()) && name.bytes().all(plain);
    let asked = task.executor() == ExecutorName::AGENT;
    let (actor_kind, actor_id) = match task.agent().filter(name).filter(|_| asked) {
        Some(agent) => (RequesterKind::Agent, agent),
        None => (RequesterKind::System, worker),
    };
    Actor { actor_kind, actor_id: actor_id.to_owned(), display: None }
}
