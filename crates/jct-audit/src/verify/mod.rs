//! Verification: what a log, its checkpoints and the copies kept outside say about each other.

mod chain;
mod checkpoints;
mod entries;
mod finding;
mod keys;
mod leaf_index;
mod outside;
mod reorder;
mod report;
mod verdict;
mod verifier;

pub use entries::EntryVerifier;
pub use finding::{Finding, Problem, Subject};
pub use outside::Outside;
pub use report::Report;
pub use verdict::Verdict;
pub use verifier::{Scope, Verifier};
