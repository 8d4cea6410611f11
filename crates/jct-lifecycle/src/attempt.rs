//! What follows when an attempt ends: the one place that decides between "finished" and "again".

use crate::{ReasonCode, TaskEvent};

/// How an attempt ended, before anything is decided about the task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AttemptEnd {
    /// The work ran and left a result: a JSON object as text.
    Completed {
        /// The result, canonical JSON.
        result: String,
    },
    /// The attempt failed.
    Failed {
        /// Why.
        reason: ReasonCode,
        /// For people; becomes the task's error if no retry follows.
        message: String,
    },
    /// The work was ended because somebody cancelled the task.
    Cancelled,
    /// The worker is shutting down and hands the task back unfinished.
    GivenBack,
    /// The lease ran out without a word from its holder.
    LeaseLost,
}

/// What follows from the end of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disposition {
    /// The task is over: `Complete`, `Fail` or `Cancel` with this reason.
    Finish(TaskEvent, ReasonCode),
    /// The task goes back to the queue after its backoff.
    Retry(ReasonCode),
    /// The task goes back to the queue at once and gets one more attempt, since this one was not its fault.
    Return(ReasonCode),
}

impl AttemptEnd {
    /// The reason code of this end.
    #[must_use]
    pub const fn reason(&self) -> ReasonCode {
        match self {
            Self::Completed { .. } => ReasonCode::Completed,
            Self::Failed { reason, .. } => *reason,
            Self::Cancelled => ReasonCode::Cancelled,
            Self::GivenBack => ReasonCode::GivenBack,
            Self::LeaseLost => ReasonCode::LeaseLost,
        }
    }
}

/// Decides what follows from `end`, the end of attempt number `attempt` of at most `max_attempts`.
///
/// A cancellation wins over every retry, but not over work that had already finished when the request came: what ran
/// is reported as it ran.
#[must_use]
pub fn settle(end: &AttemptEnd, attempt: u32, max_attempts: u32, cancel_requested: bool) -> Disposition {
    let reason = end.reason();
    match end {
        AttemptEnd::Completed { .. } => Disposition::Finish(TaskEvent::Complete, reason),
        AttemptEnd::Cancelled => Disposition::Finish(TaskEvent::Cancel, reason),
        AttemptEnd::Failed { .. } | AttemptEnd::GivenBack | AttemptEnd::LeaseLost if cancel_requested => {
            Disposition::Finish(TaskEvent::Cancel, ReasonCode::Cancelled)
        }
        AttemptEnd::GivenBack => Disposition::Return(reason),
        AttemptEnd::Failed { .. } | AttemptEnd::LeaseLost => match reason.is_retryable() {
            false => Disposition::Finish(TaskEvent::Fail, reason),
            true if attempt < max_attempts => Disposition::Retry(reason),
            true => Disposition::Finish(TaskEvent::Fail, ReasonCode::RetriesExhausted),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failed(reason: ReasonCode) -> AttemptEnd {
        AttemptEnd::Failed { reason, message: String::new() }
    }

    #[track_caller]
    fn check(end: &AttemptEnd, attempt: u32, cancel: bool, expect: Disposition) {
        assert_eq!(settle(end, attempt, 3, cancel), expect);
    }

    #[test]
    fn crash_type_ends_are_retried_until_the_attempts_are_used_up() {
        check(&AttemptEnd::LeaseLost, 1, false, Disposition::Retry(ReasonCode::LeaseLost));
        check(&AttemptEnd::LeaseLost, 2, false, Disposition::Retry(ReasonCode::LeaseLost));
        check(&AttemptEnd::LeaseLost, 3, false, Disposition::Finish(TaskEvent::Fail, ReasonCode::RetriesExhausted));
        check(&failed(ReasonCode::WorkerError), 1, false, Disposition::Retry(ReasonCode::WorkerError));
    }

    #[test]
    fn work_that_ran_and_failed_is_not_retried() {
        for reason in [ReasonCode::CommandFailed, ReasonCode::TimeBudgetExceeded, ReasonCode::NoExecutor] {
            check(&failed(reason), 1, false, Disposition::Finish(TaskEvent::Fail, reason));
        }
    }

    #[test]
    fn giving_back_never_uses_up_the_attempts() {
        check(&AttemptEnd::GivenBack, 3, false, Disposition::Return(ReasonCode::GivenBack));
        check(&AttemptEnd::GivenBack, 300, false, Disposition::Return(ReasonCode::GivenBack));
    }

    #[test]
    fn a_cancellation_wins_over_a_retry_but_not_over_finished_work() {
        let cancelled = Disposition::Finish(TaskEvent::Cancel, ReasonCode::Cancelled);
        check(&AttemptEnd::LeaseLost, 1, true, cancelled);
        check(&AttemptEnd::GivenBack, 1, true, cancelled);
        check(&failed(ReasonCode::CommandFailed), 1, true, cancelled);
        let done = AttemptEnd::Completed { result: "{}".to_owned() };
        check(&done, 1, true, Disposition::Finish(TaskEvent::Complete, ReasonCode::Completed));
    }
}
