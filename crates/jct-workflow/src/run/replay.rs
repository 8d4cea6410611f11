//! Coming back after a crash: the same facts lead to the same state and the same commands.

use super::{Command, Fact, Illegal, Kept, Plan, Progress, RunState, StepState, next};

/// A fact that was kept is not possible where it stands: the facts are not those of this plan, or not in their order.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("fact number {number} of the run is not possible")]
pub struct ReplayError {
    /// Which one, from 1.
    pub number: usize,
    /// Why.
    #[source]
    pub source: Illegal,
}

impl RunState {
    /// The state after all of `facts`, and every command that there ever was, in order. `kept` is what the run was
    /// begun with, if it is a fork.
    ///
    /// # Errors
    /// [`ReplayError`] at the first fact that is not possible.
    pub fn replay<'f>(
        plan: &Plan,
        kept: Option<&Kept>,
        facts: impl IntoIterator<Item = &'f Fact>,
    ) -> Result<(Self, Vec<Command>), ReplayError> {
        let (mut state, mut commands) = kept.map_or_else(|| Self::begin(plan), |kept| Self::begin_with(plan, kept));
        for (index, fact) in facts.into_iter().enumerate() {
            let (after, more) = next(plan, &state, fact).map_err(|source| ReplayError { number: index + 1, source })?;
            state = after;
            commands.extend(more);
        }
        Ok((state, commands))
    }

    /// What a run waits for in this state, whatever was carried out before: nothing else can move it on.
    #[must_use]
    pub fn awaits(&self, plan: &Plan) -> Vec<Command> {
        if let Progress::Finished(status) = self.progress {
            return vec![Command::Finish { status }];
        }
        let is_stopping = matches!(self.progress, Progress::Stopping(_));
        let each = self.steps(plan).filter_map(|(step, state)| {
            let step = step.clone();
            match state {
                StepState::Undecided => Some(Command::Decide { step }),
                StepState::Running { attempt } if is_stopping => Some(Command::Cancel { step, attempt }),
                StepState::Running { attempt } => Some(Command::Enqueue { step, attempt }),
                StepState::Resting { attempt } => {
                    Some(Command::Wake { step, attempt, after: super::machine::rest(attempt.saturating_sub(1)) })
                }
                StepState::Waiting
                | StepState::Queued { .. }
                | StepState::Succeeded { .. }
                | StepState::Failed { .. }
                | StepState::Skipped(_)
                | StepState::Cancelled { .. } => None,
            }
        });
        each.collect()
    }
}
