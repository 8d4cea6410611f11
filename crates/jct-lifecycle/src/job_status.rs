//! Where a job stands, in the words of those who submit and run jobs.

use std::fmt;
use std::str::FromStr;

use crate::{ReasonCode, TaskStatus};

/// The state of a job. It is read off the task that the job is; nothing keeps it beside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum JobStatus {
    /// Waits for a worker, or to be let go.
    Queued,
    /// A worker has it.
    Running,
    /// Done.
    Succeeded,
    /// Ran and did not succeed.
    Failed,
    /// Called off.
    Cancelled,
    /// Every attempt it had ended in a way that says nothing about the work.
    DeadLetter,
}

/// The text names no state of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a job status; they are queued, running, succeeded, failed, cancelled, dead_letter")]
pub struct UnknownJobStatus;

impl JobStatus {
    /// Every state.
    pub const ALL: [Self; 6] =
        [Self::Queued, Self::Running, Self::Succeeded, Self::Failed, Self::Cancelled, Self::DeadLetter];

    /// The state of a task with this status; `reason` is why it ended, if it did.
    #[must_use]
    pub const fn of(status: TaskStatus, reason: Option<ReasonCode>) -> Self {
        match status {
            TaskStatus::Pending | TaskStatus::Queued => Self::Queued,
            TaskStatus::Running => Self::Running,
            TaskStatus::Completed => Self::Succeeded,
            TaskStatus::Cancelled => Self::Cancelled,
            TaskStatus::Failed => match reason {
                Some(ReasonCode::RetriesExhausted) => Self::DeadLetter,
                _ => Self::Failed,
            },
        }
    }

    /// Whether nothing follows.
    #[must_use]
    pub const fn is_final(self) -> bool {
        !matches!(self, Self::Queued | Self::Running)
    }

    /// The name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::DeadLetter => "dead_letter",
        }
    }
}

impl fmt::Display for JobStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for JobStatus {
    type Err = UnknownJobStatus;

    fn from_str(text: &str) -> Result<Self, UnknownJobStatus> {
        Self::ALL.into_iter().find(|status| status.as_str() == text).ok_or(UnknownJobStatus)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(status: TaskStatus, reason: Option<ReasonCode>, expect: JobStatus) {
        assert_eq!(JobStatus::of(status, reason), expect);
        assert_eq!(expect.as_str().parse(), Ok(expect));
        assert_eq!(expect.is_final(), status.is_final());
    }

    #[test]
    fn every_status_of_a_task_is_one_of_its_job() {
        check(TaskStatus::Pending, None, JobStatus::Queued);
        check(TaskStatus::Queued, None, JobStatus::Queued);
        check(TaskStatus::Running, None, JobStatus::Running);
        check(TaskStatus::Completed, Some(ReasonCode::Completed), JobStatus::Succeeded);
        check(TaskStatus::Cancelled, Some(ReasonCode::Cancelled), JobStatus::Cancelled);
        check(TaskStatus::Failed, Some(ReasonCode::CommandFailed), JobStatus::Failed);
        check(TaskStatus::Failed, Some(ReasonCode::RetriesExhausted), JobStatus::DeadLetter);
    }
}
