//! The task state machine: one enum of states, one of events, one exhaustive function.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

/// Where a task is in its life. Names and spelling are those of the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskStatus {
    /// Admitted and held back until somebody releases it.
    Pending,
    /// Ready for a worker, now or after its backoff.
    Queued,
    /// Leased to a worker or to an executor outside the tower.
    Running,
    /// Ended with a result.
    Completed,
    /// Ended with an error.
    Failed,
    /// Ended because somebody asked for it.
    Cancelled,
}

/// What can happen to a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TaskEvent {
    /// A held task is let go.
    Release,
    /// A worker or an outside executor takes the task.
    Start,
    /// The tower puts a running task back: lease lost, given back, or a retry.
    Requeue,
    /// The run ended with a result.
    Complete,
    /// The run, or the wait for one, ended with an error.
    Fail,
    /// Somebody cancelled the task.
    Cancel,
}

/// The event is not possible in this state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a task cannot go from `{from}` to `{to}`")]
pub struct IllegalTransition {
    /// The state the task is in.
    pub from: TaskStatus,
    /// The state the event would have led to.
    pub to: TaskStatus,
}

/// The text names no task status.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown task status; expected one of pending, queued, running, completed, failed, cancelled")]
pub struct UnknownStatus;

impl TaskStatus {
    /// Every status, in the order of a task's life.
    pub const ALL: [Self; 6] =
        [Self::Pending, Self::Queued, Self::Running, Self::Completed, Self::Failed, Self::Cancelled];

    /// The name on the wire and in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// Whether nothing can follow.
    #[must_use]
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::Cancelled)
    }
}

impl TaskEvent {
    /// Every event.
    pub const ALL: [Self; 6] = [Self::Release, Self::Start, Self::Requeue, Self::Complete, Self::Fail, Self::Cancel];

    /// The state this event leads to, wherever it is possible at all.
    #[must_use]
    pub const fn target(self) -> TaskStatus {
        match self {
            Self::Release | Self::Requeue => TaskStatus::Queued,
            Self::Start => TaskStatus::Running,
            Self::Complete => TaskStatus::Completed,
            Self::Fail => TaskStatus::Failed,
            Self::Cancel => TaskStatus::Cancelled,
        }
    }
}

/// The state that follows `state` when `event` happens.
///
/// # Errors
///
/// [`IllegalTransition`] when the event is not possible in this state; nothing ever leaves a final state.
pub const fn next(state: TaskStatus, event: TaskEvent) -> Result<TaskStatus, IllegalTransition> {
    use TaskEvent as E;
    use TaskStatus as S;
    match (state, event) {
        (S::Pending, E::Release)
        | (S::Queued, E::Start | E::Fail)
        | (S::Running, E::Requeue | E::Complete | E::Fail)
        | (S::Pending | S::Queued | S::Running, E::Cancel) => Ok(event.target()),
        (S::Pending, E::Start | E::Requeue | E::Complete | E::Fail)
        | (S::Queued, E::Release | E::Requeue | E::Complete)
        | (S::Running, E::Release | E::Start)
        | (S::Completed | S::Failed | S::Cancelled, _) => Err(IllegalTransition { from: state, to: event.target() }),
    }
}

impl fmt::Display for TaskStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for TaskStatus {
    type Err = UnknownStatus;

    fn from_str(text: &str) -> Result<Self, UnknownStatus> {
        Self::ALL.into_iter().find(|status| status.as_str() == text).ok_or(UnknownStatus)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_whole_transition_table() {
        let mut table = String::new();
        for state in TaskStatus::ALL {
            for event in TaskEvent::ALL {
                if let Ok(to) = next(state, event) {
                    table.push_str(&format!("{state} --{event:?}--> {to}\n"));
                }
            }
        }
        assert_eq!(
            table,
            "pending --Release--> queued\npending --Cancel--> cancelled\nqueued --Start--> running\n\
             queued --Fail--> failed\nqueued --Cancel--> cancelled\nrunning --Requeue--> queued\n\
             running --Complete--> completed\nrunning --Fail--> failed\nrunning --Cancel--> cancelled\n"
        );
    }

    fn event() -> impl Strategy<Value = TaskEvent> {
        proptest::sample::select(&TaskEvent::ALL[..])
    }

    proptest! {
        #[test]
        fn no_sequence_of_events_leaves_a_final_state_or_completes_what_never_ran(
            held in any::<bool>(),
            events in proptest::collection::vec(event(), 0..40),
        ) {
            let mut state = if held { TaskStatus::Pending } else { TaskStatus::Queued };
            let mut started = false;
            for event in events {
                let was_final = state.is_final();
                match next(state, event) {
                    Ok(to) => {
                        prop_assert!(!was_final);
                        started |= to == TaskStatus::Running;
                        state = to;
                    }
                    Err(refused) => prop_assert_eq!(refused.from, state),
                }
                prop_assert!(state != TaskStatus::Completed || started);
            }
        }
    }

    #[test]
    fn names_round_trip() {
        for status in TaskStatus::ALL {
            assert_eq!(status.as_str().parse(), Ok(status));
        }
        assert_eq!("canceled".parse::<TaskStatus>(), Err(UnknownStatus));
    }
}
