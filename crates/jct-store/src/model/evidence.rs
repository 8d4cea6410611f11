//! What comes with the end of an attempt: the findings of the prover, and what the attempt has cost.

use jct_cwom::{Cost, EvidenceFindings, Verdict};
use serde_json::Value;

/// The findings about an attempt, from somebody who did not do the work.
#[derive(Clone, Debug, PartialEq)]
pub struct NewEvidence {
    /// The findings.
    pub findings: EvidenceFindings,
    /// Whether they need anybody's approval.
    pub review: ReviewRule,
}

/// Which findings need nobody's approval. Criteria that nobody has verified always need one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReviewRule {
    /// The verdicts that approve themselves; none by default.
    pub auto_approve: Vec<Verdict>,
}

/// What an attempt says of itself, kept with its run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RunReport {
    /// What it has cost.
    pub cost: Cost,
    /// How often a language model was asked.
    pub turns: Option<u64>,
    /// The tokens that it was asked with.
    pub tokens_in: Option<u64>,
    /// The tokens that it answered with.
    pub tokens_out: Option<u64>,
    /// Which language model it was.
    pub model: Option<String>,
    /// How the work was isolated, as the sandbox reports it: an object whose member `effective` is the level.
    pub isolation: Option<Value>,
}
