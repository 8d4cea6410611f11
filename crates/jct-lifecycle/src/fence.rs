//! The fence: the token that decides whose write counts.

use std::fmt;
use std::str::FromStr;

use jct_contract::TaskId;

/// A token that grows with every lease of a task, and with every restore of the database.
///
/// A write carries the fence of the lease it belongs to. It is accepted only while exactly that lease is alive, so a
/// worker that was paused past its lease can never touch its successor's attempt. `epoch` belongs to the database and
/// is raised when a backup is restored; `generation` belongs to the task and is raised by each lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Fence {
    /// The life of the database; starts at 1.
    pub epoch: i64,
    /// The how-manieth lease of the task; starts at 1.
    pub generation: i64,
}

/// The text is not a fence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a fence of the form `epoch.generation`, such as 1.3")]
pub struct InvalidFence;

/// One lease of one task: what a worker must present with everything it writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LeaseRef {
    /// The leased task.
    pub task_id: TaskId,
    /// The fence of this lease.
    pub fence: Fence,
}

impl fmt::Display for Fence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.epoch, self.generation)
    }
}

impl FromStr for Fence {
    type Err = InvalidFence;

    fn from_str(text: &str) -> Result<Self, InvalidFence> {
        let (epoch, generation) = text.split_once('.').ok_or(InvalidFence)?;
        let number = |text: &str| text.parse::<i64>().ok().filter(|n| *n > 0).ok_or(InvalidFence);
        let fence = Self { epoch: number(epoch)?, generation: number(generation)? };
        // Only the canonical spelling, so that a fence is the same text everywhere.
        if fence.to_string() == text { Ok(fence) } else { Err(InvalidFence) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_form_round_trips_and_nothing_else_is_read() {
        let fence = Fence { epoch: 2, generation: 17 };
        assert_eq!("2.17".parse(), Ok(fence));
        assert_eq!(fence.to_string(), "2.17");
        for bad in ["", "2", "2.", ".17", "0.1", "1.0", "-1.2", "+1.2", "01.2", "1.2.3", "1. 2"] {
            assert_eq!(bad.parse::<Fence>(), Err(InvalidFence), "{bad}");
        }
    }

    #[test]
    fn a_later_lease_and_a_later_epoch_are_greater() {
        assert!(Fence { epoch: 1, generation: 9 } < Fence { epoch: 1, generation: 10 });
        assert!(Fence { epoch: 1, generation: 10 } < Fence { epoch: 2, generation: 1 });
    }
}
