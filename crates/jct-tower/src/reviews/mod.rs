//! Reviews: what waits for one, deciding, and the task that follows when work is sent back.

mod decide;
mod follow_up;
mod options;
mod pending;

pub use decide::{DecideError, Reviewed};
pub use options::ReviewOptions;
pub use pending::Awaiting;
