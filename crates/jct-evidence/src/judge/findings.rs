//! Puts what the rules read into the words of an evidence pack.

use jct_cwom::{CheckEnd, CriterionStatus, EvidenceFindings, Subject, Verdict};

use super::facts::{ChangeFacts, Facts};
use super::reading::{Outcome, Reading, excerpt};
use super::rules::{CRITERION, collected, criteria_results};

/// As many reasons are told one by one.
const MOST_REASONS: usize = 90;
const REASON_CHARS: usize = 1500;

/// An index or a count as the wire has it.
pub(super) fn position(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}

pub(super) fn findings(facts: &Facts, verdict: Verdict, readings: &[Reading]) -> EvidenceFindings {
    let evidence_collected = collected(facts);
    let missing = evidence_collected.iter().filter(|item| !item.found).map(|item| item.requirement.clone());
    let evidence_missing = missing.collect();
    let criteria_results = criteria_results(facts);
    // A criterion is counted by its checks; one that has none, or whose check was not run, nobody could look at.
    let count = |outcome: Outcome| {
        readings.iter().filter(|reading| reading.outcome == outcome && reading.rule != CRITERION).count()
    };
    let not_run = facts.checks.iter().filter(|check| check.ended == CheckEnd::NotRun).count();
    let unverified = criteria_results.iter().filter(|result| result.status == CriterionStatus::Unverified).count();
    EvidenceFindings {
        verdict,
        verdict_reason: verdict_reason(facts, verdict, readings),
        reasons: reasons(readings),
        evidence_collected,
        evidence_missing,
        check_results: facts.checks.clone(),
        checks_passed: position(count(Outcome::Held)),
        checks_failed: position((count(Outcome::Fails) + count(Outcome::Open)).saturating_sub(not_run)),
        checks_skipped: position(count(Outcome::Skipped) + not_run + unverified),
        criteria_results,
        subject: facts.changes.as_ref().map(subject),
        isolation: facts.isolation.clone(),
    }
}

/// One line that says the decisive thing.
fn verdict_reason(facts: &Facts, verdict: Verdict, readings: &[Reading]) -> String {
    let decisive = |outcome: Outcome| {
        let mut reasons = readings.iter().filter(|reading| reading.outcome == outcome);
        let first = reasons.next().map_or("", |reading| reading.reason.as_str());
        match reasons.count() {
            0 => excerpt(first, REASON_CHARS),
            more => format!("{}, and {more} more", excerpt(first, REASON_CHARS)),
        }
    };
    match verdict {
        Verdict::Fail => decisive(Outcome::Fails),
        Verdict::Partial => decisive(Outcome::Open),
        Verdict::Pass | Verdict::Pending => {
            let asked = facts.acceptance_criteria.len() + facts.evidence_requirements.len() + facts.checks.len();
            let held = "every rule held";
            if asked == 0 {
                format!("{held}; the task asked for no criterion, no evidence and no check")
            } else {
                format!("{held}, and everything that the task asked for is there and verified")
            }
        }
    }
}

/// Everything that was not simply in order, the gravest first.
fn reasons(readings: &[Reading]) -> Vec<String> {
    let mut told: Vec<_> = readings.iter().filter(|reading| !reading.reason.is_empty()).collect();
    told.sort_by_key(|reading| reading.outcome);
    let more = told.len().saturating_sub(MOST_REASONS);
    let mut reasons: Vec<_> =
        told.into_iter().take(MOST_REASONS).map(|reading| excerpt(&reading.reason, REASON_CHARS)).collect();
    if more > 0 {
        reasons.push(format!("and {more} more"));
    }
    reasons
}

fn subject(changes: &ChangeFacts) -> Subject {
    Subject {
        base_commit: changes.base_commit.clone(),
        head_commit: changes.head_commit.clone(),
        diff_digest: changes.diff_digest,
        bundle_digest: changes.bundle_digest,
    }
}
