//! What can be done with a task after it is in: look at it, change it, ask why it waits, read its proof.

mod change;
mod explain;
mod held;
mod read;
mod request;
mod trace;

pub use change::{Change, ChangeError};
pub use explain::{Blocker, ExplainError, Explanation};
pub use read::{Events, ReadError};
pub use request::{FieldNotTaken, StatusFields, StatusRequest};
pub use trace::{SealedFolder, TraceAccessError};
