//! The verdict.

use jct_cwom::{EvidenceFindings, Verdict};

use super::facts::Facts;
use super::findings::findings;
use super::reading::{Outcome, Reading};
use super::rules;

/// Judges a run. Total: any facts have a verdict, and equal facts have the same one.
///
/// * `fail` if one rule says that the work is not what was asked for: the run failed, the diff is not the one that the
///   operation calls for, a secret was found, a check failed, a criterion is not satisfied, an artifact was altered.
/// * `partial` if nothing does, and something is open: evidence is missing, a criterion is unverified, a check was not
///   run, something outside of the target path was changed.
/// * `pass` otherwise.
#[must_use]
pub fn judge(facts: &Facts) -> EvidenceFindings {
    let readings: Vec<Reading> = rules::ALL.iter().flat_map(|rule| rule(facts)).collect();
    let verdict = match readings.iter().map(|reading| reading.outcome).min() {
        Some(Outcome::Fails) => Verdict::Fail,
        Some(Outcome::Open) => Verdict::Partial,
        Some(Outcome::Skipped | Outcome::Noted | Outcome::Held) | None => Verdict::Pass,
    };
    findings(facts, verdict, &readings)
}
