//! What happened. Facts are what a caller keeps; everything else about a run can be had from them.

use serde::{Deserialize, Serialize};

use crate::StepId;

/// Something that happened to a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "fact", rename_all = "snake_case", deny_unknown_fields)]
pub enum Fact {
    /// The answer to [`super::Command::Decide`].
    Decided {
        /// The step.
        step: StepId,
        /// What is to become of it.
        decision: Decision,
    },
    /// The task of an attempt ended, or was refused before it began.
    Ended {
        /// The step.
        step: StepId,
        /// Which attempt, from 1.
        attempt: u32,
        /// How.
        end: AttemptEnd,
    },
    /// An attempt took longer than its step allows.
    TimedOut {
        /// The step.
        step: StepId,
        /// Which attempt, from 1.
        attempt: u32,
    },
    /// The wait that [`super::Command::Wake`] asked for is over.
    Woken {
        /// The step.
        step: StepId,
        /// The attempt that is due, from 2.
        attempt: u32,
    },
    /// Somebody called the run off.
    CancelRequested,
    /// The run took longer than its workflow allows.
    RunTimedOut,
}

/// What is to become of a step whose dependencies are done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// There is no `when`, or it came to true.
    Run,
    /// `when` came to false.
    Skip,
    /// `when` or the template came to no value: the step fails without an attempt.
    Fail,
}

/// How an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AttemptEnd {
    /// The task ended with a result.
    Succeeded,
    /// The task ended with an error.
    Failed,
    /// The gate or the contract refused the task. Another attempt would be refused as well.
    Refused,
    /// Somebody cancelled the task itself.
    Cancelled,
}
