//! The machine itself: one exhaustive, pure function from a state and a fact to a state and commands.

use std::time::Duration;

use super::{
    AttemptEnd, Command, Decision, Fact, FailReason, Plan, Progress, RunState, RunStatus, SkipReason, StepState,
    StopReason,
};
use crate::StepId;
use crate::limits::RETRY_DELAY_MAX_SECONDS;

/// The fact is not possible in this state. Nothing has changed; a fact that came late or twice is no reason for alarm.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Illegal {
    /// The plan has no such step.
    #[error("the workflow has no step `{0}`")]
    UnknownStep(StepId),
    /// The run is over.
    #[error("the run is over")]
    Finished,
    /// The run was called off already.
    #[error("the run was called off already")]
    Stopping,
    /// The fact is about a step that is elsewhere, or about another attempt than the one that is on.
    #[error("the fact is not about where step `{0}` is now")]
    Stale(StepId),
}

/// The state that follows `state` when `fact` happens, and what is to be done about it.
///
/// # Errors
/// [`Illegal`] when the fact is not possible in this state.
pub fn next(plan: &Plan, state: &RunState, fact: &Fact) -> Result<(RunState, Vec<Command>), Illegal> {
    if matches!(state.progress, Progress::Finished(_)) {
        return Err(Illegal::Finished);
    }
    let mut run = Run { plan, state: state.clone(), commands: Vec::new() };
    match fact {
        Fact::Decided { step, decision } => run.decided(step, *decision)?,
        Fact::Ended { step, attempt, end } => run.ended(step, *attempt, *end)?,
        Fact::TimedOut { step, attempt } => run.timed_out(step, *attempt)?,
        Fact::Woken { step, attempt } => run.woken(step, *attempt)?,
        Fact::CancelRequested => run.stop(StopReason::Cancelled)?,
        Fact::RunTimedOut => run.stop(StopReason::TimedOut)?,
    }
    Ok(run.settle())
}

/// The wait after attempt number `failed`: `2^failed` seconds, up to the limit.
pub(super) fn rest(failed: u32) -> Duration {
    Duration::from_secs(1_u64.checked_shl(failed).unwrap_or(u64::MAX).min(RETRY_DELAY_MAX_SECONDS))
}

/// A run of which some steps are over before it begins.
pub(super) fn begin(plan: &Plan, kept: &[(usize, StepState)]) -> (RunState, Vec<Command>) {
    let steps = vec![StepState::Waiting; plan.len()];
    let state = RunState { open: steps.len(), steps, progress: Progress::Running, running: 0 };
    let mut run = Run { plan, state, commands: Vec::new() };
    // All of them first, so that no step begins or is skipped because of those that are still to come.
    for (place, over) in kept {
        run.set(*place, *over);
    }
    for place in 0..plan.len() {
        run.look_at(place);
    }
    run.settle()
}

/// One transition on its way.
struct Run<'p> {
    plan: &'p Plan,
    state: RunState,
    commands: Vec<Command>,
}

impl Run<'_> {
    fn decided(&mut self, step: &StepId, decision: Decision) -> Result<(), Illegal> {
        let place = self.place(step)?;
        let Some(StepState::Undecided) = self.state.at(place) else { return Err(Illegal::Stale(step.clone())) };
        match decision {
            Decision::Run => self.set(place, StepState::Queued { attempt: 1 }),
            Decision::Skip => self.end(place, StepState::Skipped(SkipReason::NotWanted)),
            Decision::Fail => self.end(place, StepState::Failed { attempts: 0, reason: FailReason::NotEvaluable }),
        }
        Ok(())
    }

    fn ended(&mut self, step: &StepId, attempt: u32, end: AttemptEnd) -> Result<(), Illegal> {
        let place = self.running(step, attempt)?;
        let is_stopping = matches!(self.state.progress, Progress::Stopping(_));
        match end {
            AttemptEnd::Succeeded => self.end(place, StepState::Succeeded { attempt }),
            AttemptEnd::Cancelled => self.end(place, StepState::Cancelled { attempts: attempt }),
            AttemptEnd::Failed | AttemptEnd::Refused if is_stopping => {
                self.end(place, StepState::Cancelled { attempts: attempt });
            }
            AttemptEnd::Failed => self.try_again(place, step, attempt, FailReason::Error),
            AttemptEnd::Refused => {
                self.end(place, StepState::Failed { attempts: attempt, reason: FailReason::Refused });
            }
        }
        Ok(())
    }

    fn timed_out(&mut self, step: &StepId, attempt: u32) -> Result<(), Illegal> {
        let place = self.running(step, attempt)?;
        if matches!(self.state.progress, Progress::Stopping(_)) {
            // Its task was cancelled when the run was called off; nobody waits for it any longer.
            self.end(place, StepState::Cancelled { attempts: attempt });
        } else {
            self.commands.push(Command::Cancel { step: step.clone(), attempt });
            self.try_again(place, step, attempt, FailReason::TimedOut);
        }
        Ok(())
    }

    fn woken(&mut self, step: &StepId, attempt: u32) -> Result<(), Illegal> {
        let place = self.place(step)?;
        if self.state.at(place) != Some(StepState::Resting { attempt }) {
            return Err(Illegal::Stale(step.clone()));
        }
        self.set(place, StepState::Queued { attempt });
        Ok(())
    }

    fn stop(&mut self, reason: StopReason) -> Result<(), Illegal> {
        if matches!(self.state.progress, Progress::Stopping(_)) {
            return Err(Illegal::Stopping);
        }
        self.state.progress = Progress::Stopping(reason);
        for place in 0..self.plan.len() {
            match self.state.at(place) {
                Some(StepState::Waiting | StepState::Undecided) => {
                    self.set(place, StepState::Cancelled { attempts: 0 });
                }
                Some(StepState::Queued { attempt } | StepState::Resting { attempt }) => {
                    self.set(place, StepState::Cancelled { attempts: attempt.saturating_sub(1) });
                }
                Some(StepState::Running { attempt }) => {
                    let step = self.plan.id(place).cloned();
                    self.commands.extend(step.map(|step| Command::Cancel { step, attempt }));
                }
                Some(
                    StepState::Succeeded { .. }
                    | StepState::Failed { .. }
                    | StepState::Skipped(_)
                    | StepState::Cancelled { .. },
                )
                | None => {}
            }
        }
        Ok(())
    }

    fn try_again(&mut self, place: usize, step: &StepId, attempt: u32, reason: FailReason) {
        if attempt >= self.plan.attempts(place) {
            self.end(place, StepState::Failed { attempts: attempt, reason });
            return;
        }
        let (due, after) = (attempt.saturating_add(1), rest(attempt));
        self.set(place, StepState::Resting { attempt: due });
        self.commands.push(Command::Wake { step: step.clone(), attempt: due, after });
    }

    /// Ends a step, and sees what that means for those after it.
    fn end(&mut self, place: usize, over: StepState) {
        self.set(place, over);
        for &after in self.plan.graph.dependents(place) {
            self.look_at(after);
        }
    }

    /// Lets a waiting step begin, or skips it and those after it, as soon as its dependencies say so.
    fn look_at(&mut self, place: usize) {
        let mut open = vec![place];
        while let Some(place) = open.pop() {
            if self.state.at(place) != Some(StepState::Waiting) {
                continue;
            }
            let (mut blocked, mut satisfied) = (false, true);
            for &before in self.plan.graph.dependencies(place) {
                let state = self.state.at(before).unwrap_or(StepState::Waiting);
                blocked |= state.blocks();
                satisfied &= state.satisfies();
            }
            if blocked {
                self.set(place, StepState::Skipped(SkipReason::Blocked));
                open.extend(self.plan.graph.dependents(place));
            } else if satisfied {
                self.set(place, StepState::Undecided);
                let step = self.plan.id(place).cloned();
                self.commands.extend(step.map(|step| Command::Decide { step }));
            }
        }
    }

    /// Fills the free places, and ends the run if nothing is left.
    fn settle(mut self) -> (RunState, Vec<Command>) {
        for place in 0..self.plan.len() {
            if self.state.running >= self.plan.max_parallel {
                break;
            }
            if let Some(StepState::Queued { attempt }) = self.state.at(place) {
                self.set(place, StepState::Running { attempt });
                let step = self.plan.id(place).cloned();
                self.commands.extend(step.map(|step| Command::Enqueue { step, attempt }));
            }
        }
        if self.state.open == 0 {
            let status = self.outcome();
            self.state.progress = Progress::Finished(status);
            self.commands.push(Command::Finish { status });
        }
        (self.state, self.commands)
    }

    fn outcome(&self) -> RunStatus {
        match self.state.progress {
            Progress::Stopping(StopReason::Cancelled) => RunStatus::Cancelled,
            Progress::Stopping(StopReason::TimedOut) => RunStatus::Failed,
            Progress::Running | Progress::Finished(_) if self.state.steps.iter().any(|step| step.blocks()) => {
                RunStatus::Failed
            }
            Progress::Running | Progress::Finished(_) => RunStatus::Succeeded,
        }
    }

    /// The one place where the state of a step changes, so that the counts always fit.
    fn set(&mut self, place: usize, state: StepState) {
        let Some(step) = self.state.steps.get_mut(place) else { return };
        let was = std::mem::replace(step, state);
        let runs = |state: StepState| matches!(state, StepState::Running { .. });
        let is_over = |state: StepState| state.status().is_final();
        self.state.running += usize::from(runs(state));
        self.state.running -= usize::from(runs(was));
        self.state.open += usize::from(is_over(was));
        self.state.open -= usize::from(is_over(state));
    }

    fn place(&self, step: &StepId) -> Result<usize, Illegal> {
        self.plan.place(step).ok_or_else(|| Illegal::UnknownStep(step.clone()))
    }

    /// The place of a step of which this attempt runs.
    fn running(&self, step: &StepId, attempt: u32) -> Result<usize, Illegal> {
        let place = self.place(step)?;
        match self.state.at(place) {
            Some(StepState::Running { attempt: on }) if on == attempt => Ok(place),
            _ => Err(Illegal::Stale(step.clone())),
        }
    }
}
