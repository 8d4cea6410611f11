//! `jct trace`: the proof a task left.

mod command;
mod show;
mod verify;

pub(crate) use command::{TraceCommand, run};
