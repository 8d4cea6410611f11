//! Agents: who can do work, how each of them stands, and stopping, starting and limiting one.

mod change;
mod judge;
mod view;

pub use change::AgentError;
pub use judge::{AgentHealth, Recent};
pub use view::{AgentStatus, AgentView};

/// A worker that was not seen for this long is taken for gone: three presence updates.
pub(crate) const PRESENCE: std::time::Duration = std::time::Duration::from_secs(90);
