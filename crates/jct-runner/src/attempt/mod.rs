//! One attempt, from the lease to the report: trace begun, work supervised, trace sealed, end settled, links set.

mod journal;
mod outcome;
mod relay;
mod run;
mod settle;
mod supervise;
mod tag;

pub(crate) use run::{Attempt, Job};
