//! What there is to do for a run, from what is known of it and what became of its tasks. Pure.

use std::collections::HashMap;

use jct_contract::{TaskId, Timestamp};
use jct_lifecycle::TaskStatus;
use jct_store::model::{WorkflowRunRecord, WorkflowStepEnd, WorkflowStepTask};
use jct_workflow::run::{AttemptEnd, Progress};
use jct_workflow::{Command, Fact, StepId, StepState};

use super::super::book::Book;

/// A fact, and more about it for people.
pub(super) type Noted = (Fact, Option<String>);

/// What there is to do.
#[derive(Debug, Default)]
pub(super) struct Look {
    /// What happened that the run has not taken note of.
    pub(super) facts: Vec<Noted>,
    /// The tasks whose ends that is about, or that ended when nobody waited for them any longer.
    pub(super) closed: Vec<TaskId>,
    /// Steps about which is to be decided.
    pub(super) undecided: Vec<StepId>,
    /// Attempts whose tasks are to be handed in.
    pub(super) enqueue: Vec<(StepId, u32)>,
    /// Tasks that are to be asked to stop, and whose ends are waited for.
    pub(super) stop: Vec<TaskId>,
    /// Attempts that are to be called off and of whose tasks nothing is known here.
    pub(super) unknown: Vec<(StepId, u32)>,
    /// Tasks that run although nobody waits for them.
    pub(super) left: Vec<TaskId>,
    /// When to look again though nothing happens.
    pub(super) look_at: Option<Timestamp>,
}

/// What there is to do for a run now; `open` are the tasks whose ends it has not taken note of.
pub(super) fn look(book: &Book, run: &WorkflowRunRecord, open: &[WorkflowStepTask], now: Timestamp) -> Look {
    let mut look = Look::default();
    if book.state.progress() == Progress::Running {
        if run.cancel.is_some() {
            look.facts.push((Fact::CancelRequested, None));
        } else if now >= run.deadline_at {
            look.facts.push((Fact::RunTimedOut, None));
        } else {
            look.again_at(run.deadline_at);
        }
    }
    let by_attempt: HashMap<(&str, u32), &WorkflowStepTask> =
        open.iter().map(|task| ((task.step.as_str(), task.attempt), task)).collect();
    for command in book.state.awaits(&book.known.plan) {
        match command {
            Command::Decide { step } => look.undecided.push(step),
            Command::Enqueue { step, attempt } => match by_attempt.get(&(step.as_str(), attempt)) {
                Some(task) => look.waited_for(task, step, now),
                None => look.enqueue.push((step, attempt)),
            },
            Command::Cancel { step, attempt } => match by_attempt.get(&(step.as_str(), attempt)) {
                Some(task) if task.end.is_none() && task.cancelled_at.is_none() => look.stop.push(task.task_id),
                Some(task) => look.waited_for(task, step, now),
                None => look.unknown.push((step, attempt)),
            },
            Command::Wake { step, attempt, after } => {
                let due = book.last.get(&step).map_or(now, |last| last.after(after));
                if now >= due {
                    look.facts.push((Fact::Woken { step, attempt }, None));
                } else {
                    look.again_at(due);
                }
            }
            Command::Finish { .. } => {}
        }
    }
    look.leave_behind(book, open);
    look
}

impl Look {
    fn again_at(&mut self, at: Timestamp) {
        self.look_at = Some(self.look_at.map_or(at, |other| other.min(at)));
    }

    /// A task that the run waits for: it is over, it took too long, or it goes on.
    fn waited_for(&mut self, task: &WorkflowStepTask, step: StepId, now: Timestamp) {
        let attempt = task.attempt;
        match &task.end {
            Some(end) => {
                self.facts.push((Fact::Ended { step, attempt, end: end_of(end) }, end.error.clone()));
                self.closed.push(task.task_id);
            }
            None if now >= task.deadline_at => {
                let seconds = task.deadline_at.since(task.enqueued_at).as_secs();
                let detail = format!("attempt {attempt} took longer than {seconds} seconds");
                self.facts.push((Fact::TimedOut { step, attempt }, Some(detail)));
            }
            None => self.again_at(task.deadline_at),
        }
    }

    /// Tasks of attempts that are not on any longer: they took too long, or came too late.
    fn leave_behind(&mut self, book: &Book, open: &[WorkflowStepTask]) {
        let states: HashMap<&str, StepState> =
            book.state.steps(&book.known.plan).map(|(step, state)| (step.as_str(), state)).collect();
        let is_on = |task: &WorkflowStepTask| {
            states.get(task.step.as_str()) == Some(&StepState::Running { attempt: task.attempt })
        };
        for task in open.iter().filter(|task| !is_on(task)) {
            if task.end.is_some() { self.closed.push(task.task_id) } else { self.left.push(task.task_id) }
        }
    }
}

/// What the end of a task is for its step.
const fn end_of(end: &WorkflowStepEnd) -> AttemptEnd {
    match end.status {
        TaskStatus::Completed => AttemptEnd::Succeeded,
        TaskStatus::Cancelled => AttemptEnd::Cancelled,
        TaskStatus::Failed | TaskStatus::Pending | TaskStatus::Queued | TaskStatus::Running => AttemptEnd::Failed,
    }
}
