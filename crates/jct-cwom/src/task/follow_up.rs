//! The context of a task that does the work of another again: what the reviewer of the first had to say.

use jct_contract::{ConstraintSnapshotId, EvidencePackId, IssueId, NormalizedTask, ReviewDecisionId, RunId, TaskId};
use serde_json::json;

use super::forward::packet;
use super::keys;
use crate::objects::NewContextPacket;
use crate::primitives::{Actor, Ref};

/// Longest `instructions` of a packet, in characters.
const INSTRUCTIONS_MAX_CHARS: usize = 8000;

/// The review that asked for changes.
#[derive(Clone, Copy, Debug)]
pub struct Feedback<'a> {
    /// The task that was reviewed.
    pub task: TaskId,
    /// Its run.
    pub run: RunId,
    /// What was found out about that run.
    pub evidence_pack: EvidencePackId,
    /// The review.
    pub review: ReviewDecisionId,
    /// Who reviewed.
    pub reviewer: &'a Actor,
    /// What they said.
    pub words: &'a str,
}

/// The next context packet of an issue: the task that follows, with the words of the reviewer before its objective.
#[must_use]
pub fn follow_up_packet(
    task: &NormalizedTask,
    issue: IssueId,
    constraint_snapshot: Option<ConstraintSnapshotId>,
    version: String,
    feedback: &Feedback<'_>,
) -> NewContextPacket {
    let Feedback { task: followed, run, evidence_pack, review, reviewer, words } = *feedback;
    let mut packet = packet(task, issue);
    packet.constraint_snapshot = constraint_snapshot.map(Ref::from);
    packet.version = version;
    packet.summary = format!("Changes requested by {}", reviewer.display.as_deref().unwrap_or(&reviewer.actor_id));
    packet.instructions =
        format!("The review of the work before this asks for changes:\n\n{words}\n\n{}", task.objective())
            .chars()
            .take(INSTRUCTIONS_MAX_CHARS)
            .collect();
    packet.meta.insert(
        keys::FOLLOWS.to_owned(),
        json!({
            "task": followed,
            "run": run,
            "evidence_pack": evidence_pack,
            "review": review,
            "reviewer": reviewer,
            "words": words,
        }),
    );
    packet
}
