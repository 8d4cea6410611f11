//! Where a run is: one state for each step, and whether it was called off.

use super::{Command, Plan, RunStatus, StepStatus, machine};
use crate::StepId;

/// Where a step is, with what only makes sense there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepState {
    /// Its dependencies are not done.
    Waiting,
    /// Its dependencies are done, and nobody has said yet whether it is wanted.
    Undecided,
    /// It is wanted and waits until fewer steps run at once.
    Queued {
        /// The attempt that is due.
        attempt: u32,
    },
    /// Its last attempt went wrong, and the next one is not due yet.
    Resting {
        /// The attempt that will be due.
        attempt: u32,
    },
    /// Its task is enqueued or runs.
    Running {
        /// Which attempt.
        attempt: u32,
    },
    /// Its task ended well.
    Succeeded {
        /// Which attempt did; 0 for a step that was kept from another run.
        attempt: u32,
    },
    /// It did not.
    Failed {
        /// Attempts that there were.
        attempts: u32,
        /// Why.
        reason: FailReason,
    },
    /// It was not run.
    Skipped(SkipReason),
    /// It was called off.
    Cancelled {
        /// Attempts that there were.
        attempts: u32,
    },
}

/// Why a step failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailReason {
    /// `when` or the template came to no value.
    NotEvaluable,
    /// Its last attempt ended with an error.
    Error,
    /// Its task was refused.
    Refused,
    /// Its last attempt took too long.
    TimedOut,
}

/// Why a step was skipped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SkipReason {
    /// `when` came to false. Steps after it go on.
    NotWanted,
    /// A step that it waits for did not succeed. Steps after it are skipped as well.
    Blocked,
}

/// Why a run was called off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StopReason {
    /// Somebody wanted it so.
    Cancelled,
    /// It took too long.
    TimedOut,
}

/// Where a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Steps wait or run.
    Running,
    /// It was called off, and steps still run.
    Stopping(StopReason),
    /// It is over.
    Finished(RunStatus),
}

/// The state of a run. Changed by [`super::next`] only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunState {
    pub(super) steps: Vec<StepState>,
    pub(super) progress: Progress,
    /// How many steps run.
    pub(super) running: usize,
    /// How many steps are not over.
    pub(super) open: usize,
}

impl StepState {
    /// Where it is, in one word.
    #[must_use]
    pub const fn status(self) -> StepStatus {
        match self {
            Self::Waiting => StepStatus::Waiting,
            Self::Undecided | Self::Queued { .. } | Self::Resting { .. } => StepStatus::Ready,
            Self::Running { .. } => StepStatus::Running,
            Self::Succeeded { .. } => StepStatus::Succeeded,
            Self::Failed { .. } => StepStatus::Failed,
            Self::Skipped(_) => StepStatus::Skipped,
            Self::Cancelled { .. } => StepStatus::Cancelled,
        }
    }

    /// Whether steps after it may begin.
    pub(super) const fn satisfies(self) -> bool {
        matches!(self, Self::Succeeded { .. } | Self::Skipped(SkipReason::NotWanted))
    }

    /// Whether steps after it never begin.
    pub(super) const fn blocks(self) -> bool {
        matches!(self, Self::Failed { .. } | Self::Cancelled { .. } | Self::Skipped(SkipReason::Blocked))
    }
}

impl RunState {
    /// A fresh run, and what is to be done first.
    #[must_use]
    pub fn begin(plan: &Plan) -> (Self, Vec<Command>) {
        machine::begin(plan, &[])
    }

    /// Where the run is.
    #[must_use]
    pub const fn progress(&self) -> Progress {
        self.progress
    }

    /// Where the run is, in one word.
    #[must_use]
    pub const fn status(&self) -> RunStatus {
        match self.progress {
            Progress::Running => RunStatus::Running,
            Progress::Stopping(_) => RunStatus::Stopping,
            Progress::Finished(status) => status,
        }
    }

    /// Every step with where it is, in the order of the definition.
    pub fn steps<'p>(&self, plan: &'p Plan) -> impl Iterator<Item = (&'p StepId, StepState)> {
        plan.steps().zip(self.steps.iter().copied())
    }

    /// Where a step is; `None` if the plan has no such step.
    #[must_use]
    pub fn step(&self, plan: &Plan, step: &StepId) -> Option<StepState> {
        self.at(plan.place(step)?)
    }

    pub(super) fn at(&self, place: usize) -> Option<StepState> {
        self.steps.get(place).copied()
    }
}
