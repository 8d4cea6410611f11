//! Reviews: who may decide, about what, and where the run and its issue go from there.

use jct_contract::{Principal, RequesterKind, Violation, ViolationCode};

use crate::findings::EvidenceFindings;
use crate::primitives::{Actor, CriterionOverride, CriterionResult};
use crate::words::{CriterionStatus, ReviewDecisionStatus, Status, Verdict};

/// Who has to do with the work that is reviewed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Parties<'a> {
    /// The principal that handed the task in.
    pub enqueued_by: &'a Principal,
    /// The names of all who held the task, in any of its attempts: workers, and principals that took it outside the tower.
    pub holders: &'a [String],
    /// The executor of the run.
    pub executor: &'a Actor,
    /// The coding agent that the task names.
    pub agent: Option<&'a str>,
    /// Whom the holder said the task was assigned to.
    pub assignee: Option<&'a str>,
}

/// What somebody was to the work that they cannot approve.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// They handed it in.
    EnqueuedBy,
    /// They held it.
    Worker,
    /// They did it.
    Executor,
    /// They are the coding agent that the task names.
    Agent,
    /// It was assigned to them.
    Assignee,
}

impl Role {
    /// The role for programs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::EnqueuedBy => "enqueued_by",
            Self::Worker => "worker",
            Self::Executor => "executor",
            Self::Agent => "agent",
            Self::Assignee => "assignee",
        }
    }
}

/// Somebody would approve their own work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("nobody approves their own work: the reviewer is the `{}` of this run", .role.as_str())]
pub struct Refusal {
    /// What they were to it.
    pub role: Role,
}

/// Whether `reviewer` may take `decision` on the work of `parties`: true if it is a self-review that the tower lets pass.
///
/// Only an approval needs somebody else; an agent decides nothing about what it held or did. `self_review_allowed` lets those who handed the work in approve it, never those
/// who held or did it. Names are compared without their kinds and without regard to case: whoever shares a name shares the
/// doubt, and who a task was assigned to is free text.
///
/// # Errors
/// [`Refusal`] with the first role that stands in the way, the strongest first.
pub fn allowed(
    reviewer: &Principal,
    parties: &Parties<'_>,
    decision: ReviewDecisionStatus,
    self_review_allowed: bool,
) -> Result<bool, Refusal> {
    let is_approval = decision == ReviewDecisionStatus::Approved;
    if !is_approval && reviewer.kind() != RequesterKind::Agent {
        return Ok(false);
    }
    let is = |name: &str| name.trim().eq_ignore_ascii_case(reviewer.name());
    let roles = [
        (Role::Agent, parties.agent.is_some_and(is)),
        (Role::Executor, is(&parties.executor.actor_id)),
        (Role::Worker, parties.holders.iter().any(|holder| is(holder))),
        (Role::Assignee, parties.assignee.is_some_and(is)),
    ];
    if let Some((role, _)) = roles.into_iter().find(|(_, stands)| *stands) {
        return Err(Refusal { role });
    }
    if !is_approval || !is(parties.enqueued_by.name()) {
        return Ok(false);
    }
    if self_review_allowed { Ok(true) } else { Err(Refusal { role: Role::EnqueuedBy }) }
}

/// Where a decision moves a run and its issue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moves {
    /// Where the run goes.
    pub run: Status,
    /// Where the issue goes, unless somebody has moved it away from `under_review`.
    pub issue: Option<Status>,
}

/// What follows from a decision; `None` if the run is not under review, so that there is nothing to decide.
#[must_use]
pub fn decide(run: Status, issue: Status, decision: ReviewDecisionStatus) -> Option<Moves> {
    if run != Status::UnderReview {
        return None;
    }
    let (run, to) = match decision {
        ReviewDecisionStatus::Approved => (Status::Done, Status::Done),
        ReviewDecisionStatus::Rejected => (Status::Failed, Status::Failed),
        ReviewDecisionStatus::NeedsChanges => (Status::Failed, Status::Ready),
    };
    Some(Moves { run, issue: (issue == Status::UnderReview).then_some(to) })
}

/// Whether findings with these verdicts need nobody's approval. What is unverified always does, and what failed can have
/// none.
#[must_use]
pub fn approves_itself(findings: &EvidenceFindings, verdicts: &[Verdict]) -> bool {
    let verdict = findings.verdict;
    matches!(verdict, Verdict::Pass | Verdict::Partial) && verdicts.contains(&verdict) && !findings.unverified()
}

/// The reviewer of what needs nobody's approval.
#[must_use]
pub fn automatic_reviewer() -> Actor {
    Actor {
        actor_kind: RequesterKind::System,
        actor_id: "auto-approve".to_owned(),
        display: Some("Automatic Review (Policy-Based)".to_owned()),
    }
}

/// The criteria of a pack as the reviewer sees them.
///
/// # Errors
/// A violation for each override that names no criterion, names one twice, or is about another status than the pack's;
/// never an empty list.
pub fn overridden(
    criteria: &[CriterionResult],
    overrides: &[CriterionOverride],
) -> Result<Vec<CriterionResult>, Vec<Violation>> {
    let mut results = criteria.to_vec();
    let (mut seen, mut violations) = (Vec::new(), Vec::new());
    for (index, change) in overrides.iter().enumerate() {
        let mut refuse = |member: &str, code, message: String| {
            violations.push(Violation { pointer: format!("/criteria_overrides/{index}/{member}"), code, message });
        };
        let named = change.criterion_index;
        let Some(result) = results.iter_mut().find(|result| result.index == named) else {
            let message = format!("the evidence pack has {} criteria", criteria.len());
            refuse("criterion_index", ViolationCode::OutOfRange, message);
            continue;
        };
        if seen.contains(&named) {
            let message = "another override is about this criterion already".to_owned();
            refuse("criterion_index", ViolationCode::ReferenceRepeated, message);
            continue;
        }
        seen.push(named);
        if result.status != change.original_status {
            let message = format!("the evidence pack says `{}` about this criterion", result.status);
            refuse("original_status", ViolationCode::ValueNotAllowed, message);
            continue;
        }
        result.status = change.override_status;
        result.reason = Some(change.reason.clone());
    }
    if violations.is_empty() { Ok(results) } else { Err(violations) }
}

/// How many of these criteria nobody has verified.
#[must_use]
pub fn unverified(criteria: &[CriterionResult]) -> usize {
    criteria.iter().filter(|result| result.status == CriterionStatus::Unverified).count()
}

#[cfg(test)]
#[path = "review_tests.rs"]
mod tests;
