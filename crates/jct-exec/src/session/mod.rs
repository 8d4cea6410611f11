//! One attempt's work in a repository, from the fetch to the hand-over: what executors and the prover share.
//!
//! The rules that keep a task from reaching the host stand here once. Everything of a task runs confined; git never runs
//! on the host in a folder that the task could write; what leaves the workspace leaves as a bundle that is judged first.

mod fate;
mod git_inside;
mod handover;
mod network;
mod open;
mod workshop;

pub use fate::Fate;
pub use open::Session;
pub use workshop::Workshop;

/// Where a session leaves the commits of a run, among the artifacts.
pub const BUNDLE_FILE: &str = "changes.bundle";
