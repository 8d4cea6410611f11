//! A new run from the middle of an old one.

use super::{Command, Plan, Progress, RunState, SkipReason, StepState, machine};
use crate::StepId;

/// The steps that a new run takes over from an old one, as they ended there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept(Vec<(StepId, KeptAs)>);

/// How a kept step ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum KeptAs {
    Succeeded,
    NotWanted,
}

/// Why a run cannot be forked there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ForkError {
    /// The plan has no such step.
    #[error("the workflow has no step `{0}`")]
    UnknownStep(StepId),
    /// The old run is not over.
    #[error("a run can be forked when it is over")]
    NotFinished,
}

impl Kept {
    /// What is kept when `old` is done again from `from` on: every step that succeeded or was not wanted, except for
    /// `from` and what comes after it. What failed, was cancelled or was skipped because of that is done again wherever
    /// it is.
    ///
    /// # Errors
    /// [`ForkError`].
    pub fn of_fork(plan: &Plan, old: &RunState, from: &StepId) -> Result<Self, ForkError> {
        let place = plan.place(from).ok_or_else(|| ForkError::UnknownStep(from.clone()))?;
        if !matches!(old.progress, Progress::Finished(_)) {
            return Err(ForkError::NotFinished);
        }
        let mut again = plan.graph.descendants(place);
        again.insert(place);
        let steps = plan.steps().enumerate().zip(&old.steps);
        let kept = steps.filter(|((place, _), _)| !again.contains(place)).filter_map(|((_, id), state)| {
            let kept = match state {
                StepState::Succeeded { .. } => KeptAs::Succeeded,
                StepState::Skipped(SkipReason::NotWanted) => KeptAs::NotWanted,
                _ => return None,
            };
            Some((id.clone(), kept))
        });
        Ok(Self(kept.collect()))
    }

    /// The steps that are kept with a result, which the new run is to be given along.
    pub fn succeeded(&self) -> impl Iterator<Item = &StepId> {
        self.0.iter().filter(|(_, kept)| *kept == KeptAs::Succeeded).map(|(step, _)| step)
    }

    /// The steps that are kept as not wanted.
    pub fn not_wanted(&self) -> impl Iterator<Item = &StepId> {
        self.0.iter().filter(|(_, kept)| *kept == KeptAs::NotWanted).map(|(step, _)| step)
    }

    /// What a database has kept of them. Steps that the plan does not have are passed over when the run begins.
    #[must_use]
    pub fn from_parts(
        succeeded: impl IntoIterator<Item = StepId>,
        not_wanted: impl IntoIterator<Item = StepId>,
    ) -> Self {
        let succeeded = succeeded.into_iter().map(|step| (step, KeptAs::Succeeded));
        Self(succeeded.chain(not_wanted.into_iter().map(|step| (step, KeptAs::NotWanted))).collect())
    }

    pub(super) fn states(&self, plan: &Plan) -> Vec<(usize, StepState)> {
        let state = |kept| match kept {
            KeptAs::Succeeded => StepState::Succeeded { attempt: 0 },
            KeptAs::NotWanted => StepState::Skipped(SkipReason::NotWanted),
        };
        self.0.iter().filter_map(|(step, kept)| Some((plan.place(step)?, state(*kept)))).collect()
    }
}

impl RunState {
    /// A run that takes over what is kept, and what is to be done first.
    #[must_use]
    pub fn begin_with(plan: &Plan, kept: &Kept) -> (Self, Vec<Command>) {
        machine::begin(plan, &kept.states(plan))
    }
}
