#![doc = include_str!("../README.md")]

mod changes;
mod check_log;
mod checks;
mod error;
mod folder;
mod guard;
mod history;
mod inventory;
mod prover;
mod report;

pub use error::ProofError;
pub use folder::{CHECKS_FOLDER, COMMITS_FILE, DIFF_STAT_FILE, EVIDENCE_FOLDER, PATCH_FILE};
pub use guard::LogGuard;
pub use prover::{PROVER, Proof, ProofRequest, Prover, ProverOptions};
