//! The evidence of an attempt as the pack of its run.

use jct_contract::{IssueId, RequesterKind, RunId, TaskId};

use super::keys;
use crate::findings::EvidenceFindings;
use crate::objects::NewEvidencePack;
use crate::primitives::Actor;

/// Which attempt a pack is about.
#[derive(Clone, Copy, Debug)]
pub struct Judged<'a> {
    /// The run of the attempt.
    pub run: RunId,
    /// The issue of the task.
    pub issue: IssueId,
    /// The task.
    pub task: TaskId,
    /// The ordinal of the attempt, counted from one.
    pub attempt: u32,
    /// The name of the worker whose prover judged; `None` if no prover did.
    pub prover: Option<&'a str>,
    /// Whether there is a sealed trace to look into.
    pub has_trace: bool,
}

/// The pack of an attempt.
#[must_use]
pub fn pack_of(findings: EvidenceFindings, judged: &Judged<'_>) -> NewEvidencePack {
    let Judged { run, issue, task, attempt, prover, has_trace } = *judged;
    let id = if prover.is_some() { "prover" } else { "jct" };
    let display = prover.map(|worker| format!("Prover of {worker}").chars().take(256).collect());
    let actor = Actor { actor_kind: RequesterKind::System, actor_id: id.to_owned(), display };
    let mut pack = NewEvidencePack::of(findings, run.into(), issue.into(), actor);
    pack.evidence_uri = has_trace.then(|| format!("/tasks/{task}/trace?attempt={attempt}"));
    pack.meta.insert(keys::SOURCE.to_owned(), keys::JCT_TASK.into());
    pack.meta.insert(keys::TASK.to_owned(), task.to_string().into());
    pack.meta.insert(keys::ATTEMPT.to_owned(), attempt.into());
    pack
}
