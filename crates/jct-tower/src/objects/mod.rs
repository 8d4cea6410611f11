//! Work objects: created with everything they refer to, read, and changed by who saw their last version.

mod change;
mod create;
mod read;

pub use change::{ChangeObjectError, Expect, ObjectChange};
pub use create::CreateObjectError;
pub use read::{ObjectOwner, ReadObjectError};
