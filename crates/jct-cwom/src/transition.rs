//! The refusal that both machines share.

use crate::words::Status;

/// An issue or a run cannot go from the one state to the other; over HTTP this is a 409.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cannot go from `{from}` to `{to}`")]
pub struct IllegalTransition {
    /// The state it is in.
    pub from: Status,
    /// The state it was to go to.
    pub to: Status,
}
