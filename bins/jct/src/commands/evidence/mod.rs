//! `jct evidence`: what the tower says about a run, as a file that anybody can verify without it.

mod command;
mod export;
mod find;
mod report;
mod verify;

pub(crate) use command::{EvidenceCommand, run};
