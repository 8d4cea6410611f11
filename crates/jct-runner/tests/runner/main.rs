//! The worker against a real store, with executors that behave and executors that do not.
//!
//! Nothing here depends on how long something takes: tests wait for a state, with a limit that only a hang reaches.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod attempts;
mod database;
mod executors;
mod faults;
mod harness;
mod leases;
mod logs;
mod modes;
mod settling;
mod shutdown;
