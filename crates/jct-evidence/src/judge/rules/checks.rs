//! The task's own checks hold; those that name a criterion decide that criterion instead.

use std::borrow::Cow;

use jct_cwom::{CheckEnd, CheckResult, TestCounts};

use crate::judge::facts::Facts;
use crate::judge::reading::{Reading, excerpt};

const RULE: &str = "check";
const CREDIBLE: &str = "check_credible";
/// No program starts, tests something and ends in less.
const CREDIBLE_MS: u64 = 5;

pub(super) fn read(facts: &Facts) -> Vec<Reading> {
    facts.checks.iter().flat_map(|check| [Some(outcome(check)), doubt(check)]).flatten().collect()
}

fn outcome(check: &CheckResult) -> Reading {
    match check.ended {
        _ if check.passed() => Reading::held(RULE),
        CheckEnd::NotRun => Reading::open(RULE, format!("the check `{}` was not run", excerpt(&check.name, 128))),
        _ => Reading::fails(RULE, format!("the check `{}` {}", excerpt(&check.name, 128), how(check))),
    }
}

/// How a check ended, for people; reads after its name.
pub(super) fn how(check: &CheckResult) -> Cow<'static, str> {
    match (check.ended, check.exit_code) {
        (CheckEnd::Exited, Some(code)) => format!("exited with status {code}").into(),
        (CheckEnd::Exited, None) => "exited without a status".into(),
        (CheckEnd::Signalled, _) => "was ended by a signal".into(),
        (CheckEnd::TimedOut, _) => "ran out of time".into(),
        (CheckEnd::LimitExceeded, _) => "used more than it may".into(),
        (CheckEnd::NotStarted, _) => "could not be started".into(),
        (CheckEnd::NotRun, _) => "was not run".into(),
    }
}

/// A check that passes without having done anything looks exactly like one that passes. So it is told, not decided.
fn doubt(check: &CheckResult) -> Option<Reading> {
    if !check.passed() {
        return None;
    }
    let doubt = match check.tests {
        Some(TestCounts { failed, .. }) if failed > 0 => {
            format!("although {failed} of its tests failed")
        }
        Some(TestCounts { passed: 0, .. }) => "without a single test that passed".to_owned(),
        _ if check.duration_ms < CREDIBLE_MS => format!("in {} ms", check.duration_ms),
        _ => return None,
    };
    Some(Reading::noted(CREDIBLE, format!("the check `{}` passed {doubt}", excerpt(&check.name, 128))))
}
