//! What is to be done. A command may be carried out more than once; its key makes that harmless.

use std::time::Duration;

use jct_contract::WorkflowRunId;
use jct_event::run_key;

use super::RunStatus;
use crate::StepId;

/// Something that a caller has to do for a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Evaluate `when`, see whether the template comes to a task, and come back with [`super::Fact::Decided`].
    Decide {
        /// The step.
        step: StepId,
    },
    /// Enqueue the task of an attempt under [`Command::key`], and see to it that [`super::Fact::TimedOut`] comes when
    /// the step's time is over.
    Enqueue {
        /// The step.
        step: StepId,
        /// Which attempt, from 1.
        attempt: u32,
    },
    /// Come back with [`super::Fact::Woken`] after a while.
    Wake {
        /// The step.
        step: StepId,
        /// The attempt that is due then.
        attempt: u32,
        /// How long.
        after: Duration,
    },
    /// Cancel the task of an attempt.
    Cancel {
        /// The step.
        step: StepId,
        /// Which attempt.
        attempt: u32,
    },
    /// The run is over: tell whoever waits.
    Finish {
        /// How it ended; always final.
        status: RunStatus,
    },
}

impl Command {
    /// What makes a repetition the same command. For [`Command::Enqueue`] it is the idempotency key of the task,
    /// `jct:workflow:<run>/<step>/<attempt>`; the others end with a word.
    #[must_use]
    pub fn key(&self, run: WorkflowRunId) -> String {
        match self {
            Self::Decide { step } => run_key(run, format_args!("{step}/decide")),
            Self::Enqueue { step, attempt } => task_key(run, step, *attempt),
            Self::Wake { step, attempt, .. } => format!("{}/wake", task_key(run, step, *attempt)),
            Self::Cancel { step, attempt } => format!("{}/cancel", task_key(run, step, *attempt)),
            Self::Finish { .. } => run_key(run, "finish"),
        }
    }
}

/// The idempotency key of the task of one attempt; [`jct_event::run_of_key`] reads it.
#[must_use]
pub fn task_key(run: WorkflowRunId, step: &StepId, attempt: u32) -> String {
    run_key(run, format_args!("{step}/{attempt}"))
}
