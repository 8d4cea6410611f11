//! Reviews on their way in, what waits for one, and everything that belongs to a run.

use jct_contract::{
    EvidencePackId, IssueId, Principal, ReviewDecisionId, RunId, TaskId, Timestamp, TraceId, Violation,
};
use jct_cwom::review::Refusal;
use jct_cwom::{
    Actor, ConstraintSnapshot, ContextPacket, DoctrineRef, EvidencePack, NewReviewDecision, ReviewDecision, Status,
};

use super::{NewTask, TraceRef, Versioned};

/// A decision about a run, from a principal.
#[derive(Clone, Debug)]
pub struct NewReview {
    /// What is decided, about what.
    pub content: NewReviewDecision,
    /// Who decides.
    pub reviewer: Principal,
    /// The trace of the call.
    pub trace_id: TraceId,
    /// Whether those who handed a task in may approve it themselves.
    pub self_review_allowed: bool,
    /// The task that does the work again, already admitted; only looked at for `needs_changes`. It joins the issue of the
    /// run, whatever objects it brings along, with a context packet that carries the words of the reviewer.
    pub follow_up: Option<NewTask>,
}

/// What became of a [`NewReview`].
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "most answers are of the large kind, and each is moved once or twice")]
pub enum ReviewAnswer {
    /// Decided, and everything that follows from it.
    Accepted {
        /// The decision.
        review: Versioned,
        /// The task that does the work again.
        follow_up: Option<TaskId>,
    },
    /// There is no such evidence pack.
    NotFound,
    /// The pack is there, but the run or the issue is another's; never none.
    Mismatch(Vec<Violation>),
    /// Somebody has decided already.
    AlreadyReviewed(ReviewDecisionId),
    /// The issue has a newer pack.
    Superseded(EvidencePackId),
    /// The run does not wait for a review.
    NotUnderReview(Status),
    /// The reviewer has seen another pack, or another change, than there is.
    DigestMismatch {
        /// The member of the decision that names it.
        field: &'static str,
    },
    /// The overrides do not fit the pack; never none.
    Refused(Vec<Violation>),
    /// It would be an approval of one's own work.
    SelfReview(Refusal),
    /// The idempotency key of the task that was to follow belongs to this one.
    FollowUpTaken(TaskId),
}

/// A run that waits for a review.
#[derive(Clone, Debug, PartialEq)]
pub struct PendingReview {
    /// What was found out about it.
    pub pack: EvidencePack,
    /// What it was for, in a line.
    pub issue_title: String,
    /// The task.
    pub task_id: TaskId,
    /// The ordinal of the attempt.
    pub attempt: u32,
    /// The principal that handed the task in.
    pub enqueued_by: Principal,
    /// Who held it.
    pub worker: String,
    /// All who held the task, in any of its attempts.
    pub holders: Vec<String>,
    /// Who did it.
    pub executor: Actor,
    /// The coding agent that the task names.
    pub agent: Option<String>,
    /// Whom the task was assigned to in the end.
    pub assignee: Option<String>,
}

/// What a run is of: its task, its attempt, and where its trace lies.
#[derive(Clone, Debug, PartialEq)]
pub struct RunPlace {
    /// The run.
    pub run_id: RunId,
    /// Its issue.
    pub issue_id: IssueId,
    /// The task.
    pub task_id: TaskId,
    /// The trace of the task.
    pub trace_id: TraceId,
    /// The ordinal of the attempt.
    pub attempt: u32,
    /// Where the run stands.
    pub status: Status,
    /// The principal that handed the task in.
    pub enqueued_by: Principal,
    /// Who held it.
    pub worker: String,
    /// Who did it.
    pub executor: Actor,
    /// When the attempt ended, if it has.
    pub ended_at: Option<Timestamp>,
    /// Its trace, if it left one.
    pub trace: Option<TraceRef>,
    /// What was found out about it.
    pub evidence: Option<EvidencePack>,
    /// What was decided about it.
    pub review: Option<ReviewDecision>,
}

/// What a run is given to work with.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RunContext {
    /// What is known, oldest first.
    pub context_packets: Vec<ContextPacket>,
    /// Which limits hold.
    pub constraint_snapshot: Option<ConstraintSnapshot>,
    /// The rules of the run, its packets and its issue.
    pub doctrine_refs: Vec<DoctrineRef>,
}

/// A request of the sandboxed work to the world, and what was said to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EgressRecord {
    /// Whose work it was: the name of the agent.
    pub agent: String,
    /// The host.
    pub host: String,
    /// The port.
    pub port: u16,
    /// The method.
    pub method: String,
    /// The path, without its query.
    pub path: String,
    /// Whether it was let through.
    pub allowed: bool,
    /// Why.
    pub reason: String,
}

/// A commit of a run that was pushed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewPush {
    /// The run.
    pub run_id: RunId,
    /// The commit.
    pub commit: String,
    /// The branch, without `refs/heads/`.
    pub branch: String,
    /// Where the repository lies, without anything secret.
    pub remote: String,
    /// Who pushed.
    pub by: Principal,
    /// The trace of the call.
    pub trace_id: TraceId,
}
