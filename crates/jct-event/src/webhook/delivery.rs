//! The machine of one message on its way to one receiver.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

/// Where a message is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryStatus {
    /// Waits to be sent: for the first time, or again after its backoff.
    Pending,
    /// Leased to a sender.
    Sending,
    /// The receiver has said that it has it.
    Delivered,
    /// Every try went wrong, or the receiver wants no more messages.
    Failed,
}

/// What can happen to a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DeliveryTransition {
    /// A sender leases it.
    Send,
    /// The receiver took it.
    Deliver,
    /// The try failed or its lease was lost, and there are tries left.
    Retry,
    /// The same, and there are none left; or the receiver wants no more.
    GiveUp,
    /// The webhook is gone before the message was sent.
    CallOff,
    /// Somebody wants it sent once more, with all its tries.
    Redeliver,
}

/// The transition is not possible in this state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a delivery cannot go from `{from}` to `{to}`")]
pub struct IllegalDeliveryTransition {
    /// The state the delivery is in.
    pub from: DeliveryStatus,
    /// The state the transition would have led to.
    pub to: DeliveryStatus,
}

/// The text names no status of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a delivery is one of `pending`, `sending`, `delivered`, `failed`")]
pub struct UnknownDeliveryStatus;

impl DeliveryStatus {
    /// Every status, in the order of a message's life.
    pub const ALL: [Self; 4] = [Self::Pending, Self::Sending, Self::Delivered, Self::Failed];

    /// The name on the wire and in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Sending => "sending",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
        }
    }
}

impl DeliveryTransition {
    /// Every transition.
    pub const ALL: [Self; 6] = [Self::Send, Self::Deliver, Self::Retry, Self::GiveUp, Self::CallOff, Self::Redeliver];

    /// The state this leads to, wherever it is possible at all.
    #[must_use]
    pub const fn target(self) -> DeliveryStatus {
        match self {
            Self::Send => DeliveryStatus::Sending,
            Self::Deliver => DeliveryStatus::Delivered,
            Self::Retry | Self::Redeliver => DeliveryStatus::Pending,
            Self::GiveUp | Self::CallOff => DeliveryStatus::Failed,
        }
    }
}

/// The state that follows `state`.
///
/// # Errors
///
/// [`IllegalDeliveryTransition`] when the transition is not possible in this state. A message that is being sent is not
/// called off: its sender has the last word.
pub const fn next(
    state: DeliveryStatus,
    transition: DeliveryTransition,
) -> Result<DeliveryStatus, IllegalDeliveryTransition> {
    use DeliveryStatus as S;
    use DeliveryTransition as T;
    match (state, transition) {
        (S::Pending, T::Send | T::CallOff)
        | (S::Sending, T::Deliver | T::Retry | T::GiveUp)
        | (S::Delivered | S::Failed, T::Redeliver) => Ok(transition.target()),
        (S::Pending, T::Deliver | T::Retry | T::GiveUp | T::Redeliver)
        | (S::Sending, T::Send | T::CallOff | T::Redeliver)
        | (S::Delivered | S::Failed, T::Send | T::Deliver | T::Retry | T::GiveUp | T::CallOff) => {
            Err(IllegalDeliveryTransition { from: state, to: transition.target() })
        }
    }
}

impl fmt::Display for DeliveryStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for DeliveryStatus {
    type Err = UnknownDeliveryStatus;

    fn from_str(text: &str) -> Result<Self, UnknownDeliveryStatus> {
        Self::ALL.into_iter().find(|status| status.as_str() == text).ok_or(UnknownDeliveryStatus)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_transition_table() {
        let mut table = String::new();
        for state in DeliveryStatus::ALL {
            assert_eq!(state.as_str().parse(), Ok(state));
            for transition in DeliveryTransition::ALL {
                if let Ok(to) = next(state, transition) {
                    table.push_str(&format!("{state} --{transition:?}--> {to}\n"));
                }
            }
        }
        assert_eq!(
            table,
            "pending --Send--> sending\npending --CallOff--> failed\nsending --Deliver--> delivered\n\
             sending --Retry--> pending\nsending --GiveUp--> failed\ndelivered --Redeliver--> pending\n\
             failed --Redeliver--> pending\n"
        );
        assert_eq!("sent".parse::<DeliveryStatus>(), Err(UnknownDeliveryStatus));
    }
}
