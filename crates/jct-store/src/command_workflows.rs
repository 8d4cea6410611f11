//! Writes of workflows and their runs, and what becomes of them.

use jct_contract::{Principal, WorkflowId, WorkflowRunId};
use jct_event::WorkflowRunStatus;

use crate::model::{
    AdvanceAnswer, CancelRunAnswer, ClaimedRun, NewWorkflow, NewWorkflowRun, RunAdvance, RunClaim, RunStartAnswer,
    WorkflowChange, WorkflowChangeAnswer, WorkflowCreateAnswer,
};

/// A write about workflows.
#[derive(Clone, Debug)]
pub(crate) enum WorkflowWrite {
    Create(NewWorkflow),
    Change(WorkflowChange),
    Start(Vec<NewWorkflowRun>),
    Claim(RunClaim),
    Advance(RunAdvance),
    Cancel { workflow: WorkflowId, run: WorkflowRunId, by: Principal },
}

/// What the writer answers; each write has its own.
#[derive(Debug)]
pub(crate) enum WorkflowAnswer {
    Created(WorkflowCreateAnswer),
    Changed(WorkflowChangeAnswer),
    Started(Vec<RunStartAnswer>),
    Claimed(Option<ClaimedRun>),
    Advanced(AdvanceAnswer),
    Cancelled(CancelRunAnswer),
}

impl WorkflowWrite {
    /// How many rows of its largest kind it may write.
    pub(crate) fn weight(&self) -> usize {
        match self {
            Self::Start(runs) => runs.len(),
            Self::Advance(advance) => advance.facts.len().max(advance.opened.len()),
            Self::Create(_) | Self::Change(_) | Self::Claim(_) | Self::Cancel { .. } => 1,
        }
    }

    /// The write without NUL in its free texts, which PostgreSQL cannot keep.
    pub(crate) fn without_nul(&mut self) {
        let clean = |text: &mut String| {
            if text.contains('\0') {
                *text = text.replace('\0', "\u{fffd}");
            }
        };
        if let Self::Advance(advance) = self {
            advance.facts.iter_mut().filter_map(|fact| fact.detail.as_mut()).for_each(clean);
            advance.end.iter_mut().filter_map(|end| end.error.as_mut()).for_each(clean);
        }
    }

    /// Whether somebody might be waiting for it: whoever drives runs, or whoever waits for the end of one.
    pub(crate) const fn is_news(&self) -> bool {
        match self {
            Self::Start(_) | Self::Cancel { .. } => true,
            Self::Advance(advance) => {
                !matches!(advance.status, WorkflowRunStatus::Running | WorkflowRunStatus::Stopping)
            }
            Self::Create(_) | Self::Change(_) | Self::Claim(_) => false,
        }
    }
}
