//! What tools and resources show.

mod audit;
mod run;
mod task;

pub(crate) use audit::entry;
pub(crate) use run::{pack_summary, run, written};
pub(crate) use task::{Background, constraints, summary, target, task};
