//! Work that somebody outside the tower takes by the id of its task: held under a lease like any other, renewed, told of,
//! and ended once.

mod artifact;
mod claim;
mod end;
mod link;

pub use artifact::{LeftArtifact, NewLeftArtifact, TakenArtifactError, WhatIsLeft};
pub use claim::{HEARTBEAT, Taken};
pub use end::{Ended, TakenEnd};
pub use link::{InvalidLink, Link};
