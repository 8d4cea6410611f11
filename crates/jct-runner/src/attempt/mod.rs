//! One attempt, from the lease to the report: trace begun, work supervised and proved, trace sealed, end settled, links
//! set.

mod egress;
mod facts;
mod journal;
mod outcome;
mod reason;
mod relay;
mod run;
mod settle;
mod supervise;
mod tag;
mod work;

pub(crate) use run::{Attempt, Job};
