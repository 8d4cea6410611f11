//! Who proves what attempts did, and what needs nobody's approval.

use jct_prover::Prover;
use jct_store::model::ReviewRule;

/// The prover of a worker. A worker without one reports unproven work, which always waits for a person.
#[derive(Debug)]
pub struct Proving {
    /// Looks at what was handed over.
    pub prover: Prover,
    /// Which verdicts approve themselves.
    pub review: ReviewRule,
}
