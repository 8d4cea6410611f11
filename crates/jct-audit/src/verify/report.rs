//! The result of a verification.

use super::{Finding, Verdict};

/// What was verified and what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The answer.
    pub verdict: Verdict,
    /// What is wrong, at most 1,000 findings.
    pub findings: Vec<Finding>,
    /// How many findings more there were.
    pub findings_left_out: u64,
    /// How many entries were read.
    pub entries: u64,
    /// How many entities they belong to.
    pub entities: u64,
    /// How many checkpoints were read.
    pub checkpoints: u64,
    /// The last checkpoint's number.
    pub last_checkpoint: Option<u64>,
    /// The number of the last checkpoint that is also held outside, or that one held outside leads to.
    pub last_anchored: Option<u64>,
    /// How many entries no checkpoint covers.
    pub uncovered: u64,
    /// How many entries are covered by a checkpoint that nobody holds outside.
    pub inside_only: u64,
    /// Whether a key was pinned. Without one, the keys are those that the log names itself.
    pub key_pinned: bool,
    /// Whether an outside copy was given.
    pub outside_copy: bool,
}
