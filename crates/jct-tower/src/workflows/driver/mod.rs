//! Drives runs: whoever leases a run takes note of what happened, keeps it, and does what follows.
//!
//! [`look`] is pure and says what there is to do, [`decide`] settles which steps are wanted, [`tasks`] hands their tasks
//! in and calls them off, and [`drive`] puts the three together, each fact durable before anything is done about it.

mod decide;
mod drive;
mod look;
mod service;
mod tasks;

pub use service::WorkflowDriver;
