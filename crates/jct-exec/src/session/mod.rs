//! One attempt's work in a repository, from the fetch to the hand-over: what executors and the prover share.
//!
//! The rules that keep a task from reaching the host stand here once. Everything of a task runs confined; git never runs
//! on the host in a folder that the task could write; what leaves the workspace leaves as a bundle that is judged first.

mod collect;
mod fate;
mod git_inside;
mod handover;
mod kept;
mod network;
mod open;
mod workshop;

pub use fate::Fate;
pub use kept::{FileRefusal, KeptFiles, OutputLimits, RefusedFile};
pub use open::Session;
pub use workshop::Workshop;

/// Where a session leaves the commits of a run, among the artifacts.
pub const BUNDLE_FILE: &str = "changes.bundle";

/// The variable that holds the path of the output folder: what work leaves there is kept among its artifacts.
pub const OUTPUT_FOLDER_VARIABLE: &str = "JCT_ARTIFACTS";

/// What work cannot call its own files, because the worker and the prover write under these names.
pub const RESERVED_NAMES: [&str; 6] =
    [BUNDLE_FILE, "changes.patch", "diff_stat.json", "commits.json", "checks", "evidence"];
