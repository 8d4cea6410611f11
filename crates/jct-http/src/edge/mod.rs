//! The edge: what happens to every request and every answer, whichever route it belongs to.
//!
//! It gives each request its trace id, refuses what a browser should not have sent, limits the time, turns every error
//! (ours and the framework's) into a problem body, counts, and logs failures once.

mod cors;
mod middleware;
mod origin;
mod patience;
mod trace;

pub(crate) use middleware::{Deadline, Edge, edge};
pub(crate) use patience::LONGEST_CLAIM_WAIT;
pub(crate) use trace::stamp;
