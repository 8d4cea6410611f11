//! The rules, in the order in which their reasons are told.

mod artifacts;
mod checks;
mod criteria;
mod diff;
mod requirements;
mod run_ended;
mod secrets;
mod target_path;

use super::facts::Facts;
use super::reading::Reading;

pub(super) use criteria::{RULE as CRITERION, results as criteria_results};
pub(super) use requirements::collected;

/// A rule: all it can see is the facts.
type Rule = fn(&Facts) -> Vec<Reading>;

pub(super) const ALL: [Rule; 8] = [
    run_ended::read,
    secrets::read,
    diff::read,
    checks::read,
    criteria::read,
    requirements::read,
    artifacts::read,
    target_path::read,
];
