//! What a worker did in its life.

use std::fmt;

use jct_lifecycle::{Disposition, TaskEvent, TaskStatus};
use jct_store::model::SettleAnswer;

/// How many attempts ended in which way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WorkerReport {
    /// Tasks that were leased to this worker.
    pub claimed: u64,
    /// Attempts that completed their task.
    pub completed: u64,
    /// Attempts that failed their task.
    pub failed: u64,
    /// Attempts that ended because the task was cancelled.
    pub cancelled: u64,
    /// Attempts whose task is tried again after a backoff.
    pub retried: u64,
    /// Attempts whose task was given back unfinished.
    pub given_back: u64,
    /// Attempts whose lease was lost; nothing of them counts.
    pub lost: u64,
    /// Attempts whose end could not be reported: the database was away, or the attempt itself crashed. Their leases run
    /// out.
    pub unsettled: u64,
}

impl fmt::Display for WorkerReport {
    /// One line for people.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { claimed, completed, failed, cancelled, retried, given_back, lost, unsettled } = self;
        write!(
            f,
            "{claimed} claimed: {completed} completed, {failed} failed, {cancelled} cancelled, {retried} to be retried, \
             {given_back} given back, {lost} lost, {unsettled} unsettled"
        )
    }
}

/// How one attempt ended, as far as this worker knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    Completed,
    Failed,
    Cancelled,
    Retried,
    GivenBack,
    Lost,
    Unsettled,
}

impl Ended {
    pub(crate) const fn of(answer: &SettleAnswer) -> Self {
        match answer {
            SettleAnswer::Accepted(Disposition::Finish(event, _)) => match event {
                TaskEvent::Complete => Self::Completed,
                TaskEvent::Cancel => Self::Cancelled,
                TaskEvent::Fail | TaskEvent::Release | TaskEvent::Start | TaskEvent::Requeue => Self::Failed,
            },
            SettleAnswer::Accepted(Disposition::Retry(_)) => Self::Retried,
            SettleAnswer::Accepted(Disposition::Return(_)) => Self::GivenBack,
            SettleAnswer::Repeated { status } => match status {
                TaskStatus::Completed => Self::Completed,
                TaskStatus::Failed => Self::Failed,
                TaskStatus::Cancelled => Self::Cancelled,
                TaskStatus::Pending | TaskStatus::Queued | TaskStatus::Running => Self::Retried,
            },
            SettleAnswer::Stale { .. } => Self::Lost,
        }
    }

    /// Whether the task is over, and this attempt decided it.
    pub(crate) const fn is_final(self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::Cancelled)
    }

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Retried => "retried",
            Self::GivenBack => "given_back",
            Self::Lost => "lost",
            Self::Unsettled => "unsettled",
        }
    }
}

impl WorkerReport {
    pub(crate) const fn count(&mut self, ended: Ended) {
        let counter = match ended {
            Ended::Completed => &mut self.completed,
            Ended::Failed => &mut self.failed,
            Ended::Cancelled => &mut self.cancelled,
            Ended::Retried => &mut self.retried,
            Ended::GivenBack => &mut self.given_back,
            Ended::Lost => &mut self.lost,
            Ended::Unsettled => &mut self.unsettled,
        };
        *counter += 1;
    }
}
