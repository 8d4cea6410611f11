//! The event machine: one enum of states, one of transitions, one exhaustive function.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

/// Where an event is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum EventStatus {
    /// Durable, and waits to be processed: for the first time, or again after its backoff.
    Pending,
    /// Leased to a consumer.
    Processing,
    /// Processed; its effects are in the database.
    Completed,
    /// Ended with an error that another try would meet again.
    Failed,
    /// Every try it had ended in a way that says nothing about the event. Somebody has to look and redrive it.
    Dead,
}

/// What can happen to an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EventTransition {
    /// A consumer leases it.
    Start,
    /// Its effects are committed.
    Complete,
    /// It cannot be processed, now or later.
    Fail,
    /// The try failed or its lease was lost, and there are tries left.
    Retry,
    /// The same, and there are none left.
    GiveUp,
    /// Somebody wants a failed or dead event tried again, with all its tries.
    Redrive,
}

/// The transition is not possible in this state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an event cannot go from `{from}` to `{to}`")]
pub struct IllegalEventTransition {
    /// The state the event is in.
    pub from: EventStatus,
    /// The state the transition would have led to.
    pub to: EventStatus,
}

/// The text names no status of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an event is one of `pending`, `processing`, `completed`, `failed`, `dead`")]
pub struct UnknownEventStatus;

impl EventStatus {
    /// Every status, in the order of an event's life.
    pub const ALL: [Self; 5] = [Self::Pending, Self::Processing, Self::Completed, Self::Failed, Self::Dead];

    /// The name on the wire and in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Processing => "processing",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Dead => "dead",
        }
    }

    /// Whether nothing follows unless somebody redrives it.
    #[must_use]
    pub const fn is_settled(self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::Dead)
    }
}

impl EventTransition {
    /// Every transition.
    pub const ALL: [Self; 6] = [Self::Start, Self::Complete, Self::Fail, Self::Retry, Self::GiveUp, Self::Redrive];

    /// The state this leads to, wherever it is possible at all.
    #[must_use]
    pub const fn target(self) -> EventStatus {
        match self {
            Self::Start => EventStatus::Processing,
            Self::Complete => EventStatus::Completed,
            Self::Fail => EventStatus::Failed,
            Self::Retry | Self::Redrive => EventStatus::Pending,
            Self::GiveUp => EventStatus::Dead,
        }
    }
}

/// The state that follows `state`.
///
/// # Errors
///
/// [`IllegalEventTransition`] when the transition is not possible in this state; nothing ever leaves `completed`.
pub const fn next(state: EventStatus, transition: EventTransition) -> Result<EventStatus, IllegalEventTransition> {
    use EventStatus as S;
    use EventTransition as T;
    match (state, transition) {
        (S::Pending, T::Start)
        | (S::Processing, T::Complete | T::Fail | T::Retry | T::GiveUp)
        | (S::Failed | S::Dead, T::Redrive) => Ok(transition.target()),
        (S::Pending, T::Complete | T::Fail | T::Retry | T::GiveUp | T::Redrive)
        | (S::Processing, T::Start | T::Redrive)
        | (S::Failed | S::Dead, T::Start | T::Complete | T::Fail | T::Retry | T::GiveUp)
        | (S::Completed, _) => Err(IllegalEventTransition { from: state, to: transition.target() }),
    }
}

impl fmt::Display for EventStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for EventStatus {
    type Err = UnknownEventStatus;

    fn from_str(text: &str) -> Result<Self, UnknownEventStatus> {
        Self::ALL.into_iter().find(|status| status.as_str() == text).ok_or(UnknownEventStatus)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_transition_table() {
        let mut table = String::new();
        for state in EventStatus::ALL {
            assert_eq!(state.as_str().parse(), Ok(state));
            for transition in EventTransition::ALL {
                if let Ok(to) = next(state, transition) {
                    table.push_str(&format!("{state} --{transition:?}--> {to}\n"));
                }
            }
        }
        assert_eq!(
            table,
            "pending --Start--> processing\nprocessing --Complete--> completed\nprocessing --Fail--> failed\n\
             processing --Retry--> pending\nprocessing --GiveUp--> dead\nfailed --Redrive--> pending\n\
             dead --Redrive--> pending\n"
        );
        assert_eq!("done".parse::<EventStatus>(), Err(UnknownEventStatus));
    }
}
