//! An acceptance criterion is decided by the checks that name it, and by nothing else.

use jct_cwom::{CheckEnd, CheckResult, CriterionResult, CriterionStatus};

use super::super::findings::position;
use super::checks::how;
use crate::judge::facts::Facts;
use crate::judge::reading::{Reading, excerpt};

pub(in crate::judge) const RULE: &str = "criterion";

pub(super) fn read(facts: &Facts) -> Vec<Reading> {
    results(facts).into_iter().filter_map(reading).collect()
}

/// What a criterion means for the verdict. A satisfied one is counted where its checks are.
fn reading(result: CriterionResult) -> Option<Reading> {
    let CriterionResult { criterion, index, status, reason, .. } = result;
    let criterion = excerpt(&criterion, 200);
    let why = reason.unwrap_or_default();
    match status {
        CriterionStatus::Satisfied | CriterionStatus::Skipped => None,
        CriterionStatus::NotSatisfied => {
            Some(Reading::fails(RULE, format!("criterion {index} is not satisfied: `{criterion}`: {why}")))
        }
        CriterionStatus::Unverified => {
            Some(Reading::open(RULE, format!("criterion {index} is unverified: `{criterion}`: {why}")))
        }
    }
}

/// One result for each criterion, in its order.
pub(in crate::judge) fn results(facts: &Facts) -> Vec<CriterionResult> {
    let criteria = facts.acceptance_criteria.iter().enumerate();
    criteria.map(|(index, criterion)| result(position(index), criterion, &facts.checks)).collect()
}

fn result(index: u32, criterion: &str, checks: &[CheckResult]) -> CriterionResult {
    let naming: Vec<_> = checks.iter().filter(|check| check.criterion == Some(index)).collect();
    let not_run = |check: &&&CheckResult| check.ended == CheckEnd::NotRun;
    let refuting = |check: &&&CheckResult| !check.passed() && check.ended != CheckEnd::NotRun;
    let (status, reason) = if naming.is_empty() {
        (CriterionStatus::Unverified, "no check names it".to_owned())
    } else if let Some(check) = naming.iter().find(refuting) {
        (CriterionStatus::NotSatisfied, format!("the check `{}` {}", excerpt(&check.name, 128), how(check)))
    } else if let Some(check) = naming.iter().find(not_run) {
        (CriterionStatus::Unverified, format!("the check `{}` was not run", excerpt(&check.name, 128)))
    } else {
        let names = super::super::reading::listed(naming.iter().map(|check| check.name.as_str()));
        (CriterionStatus::Satisfied, format!("passed: {names}"))
    };
    let evidence_refs = naming.iter().map(|check| format!("check:{}", check.name)).collect();
    CriterionResult { criterion: criterion.to_owned(), index, status, reason: Some(reason), evidence_refs }
}
