//! The gate: a pure, total function from task and policy to a decision.

use jct_contract::{Constraints, NormalizedTask, RepoName, TaskSpec};

use crate::config::PolicyConfig;
use crate::decision::AdmittedTask;
use crate::error::{PolicyError, Refusal};

/// Decides whether a task may run, and normalises it.
///
/// Pure and total: no clock, no randomness, no environment, no panic. The same task and policy always give the same
/// answer, decision id included.
///
/// # Errors
/// The first rule that refuses, in the order of [`crate::PolicyCode::ALL`].
pub fn evaluate(spec: &TaskSpec, policy: &PolicyConfig) -> Result<AdmittedTask, PolicyError> {
    let task = spec.normalize().map_err(|error| Refusal::of_spelling(error, policy.shared_prefixes()))?;
    evaluate_normalized(task, spec.target().repo(), policy)
}

/// [`evaluate`] for a caller that has normalised the task already, for instance to look up its idempotency key.
/// `repo_as_written` is the spelling that a refusal repeats.
///
/// # Errors
/// The first rule that refuses, from [`crate::PolicyCode::RepoNotAllowed`] on.
pub fn evaluate_normalized(
    task: NormalizedTask,
    repo_as_written: &str,
    policy: &PolicyConfig,
) -> Result<AdmittedTask, PolicyError> {
    match refusal(task.repo(), repo_as_written, task.constraints(), policy) {
        Some(refusal) => Err(refusal.into()),
        None => Ok(AdmittedTask::new(task, policy.digest())),
    }
}

/// What the gate makes of a task that could not be normalised.
#[must_use]
pub fn refuse_spelling(error: jct_contract::NormalizeError, policy: &PolicyConfig) -> PolicyError {
    Refusal::of_spelling(error, policy.shared_prefixes()).into()
}

/// The decision alone: the rules that [`evaluate`] applies, without normalising and hashing.
///
/// # Errors
/// The first rule that refuses, from [`crate::PolicyCode::RepoNotAllowed`] on.
pub fn decide(task: &NormalizedTask, policy: &PolicyConfig) -> Result<(), PolicyError> {
    refusal(task.repo(), task.repo().as_str(), task.constraints(), policy).map_or(Ok(()), |refusal| Err(refusal.into()))
}

fn refusal(repo: &RepoName, written: &str, constraints: &Constraints, policy: &PolicyConfig) -> Option<Refusal> {
    let seconds = constraints.time_budget_seconds();
    let (min, max) = (policy.min_time_budget_seconds(), policy.max_time_budget_seconds());
    if !policy.allows(repo) {
        Some(Refusal::Repo { written: written.to_owned(), allowed: policy.shared_prefixes() })
    } else if seconds < min {
        Some(Refusal::BudgetTooLow { seconds, min })
    } else if seconds > max {
        Some(Refusal::BudgetTooHigh { seconds, max })
    } else if constraints.allow_network() {
        Some(Refusal::Network)
    } else if constraints.allow_secrets() {
        Some(Refusal::Secrets)
    } else {
        None
    }
}
