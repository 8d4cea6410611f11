//! The worker: what it takes, and how it is patient.

use std::time::Duration;

use jct_config::Config;
use jct_exec::KeepRules;
use jct_lifecycle::RetryPolicy;
use jct_runner::{InvalidOptions, WorkerOptions};
use jct_store::model::ClaimFilter;

use crate::Working;
use crate::manifests::worker_capabilities;

/// How often and how fast a task is tried again.
#[must_use]
pub fn retry_policy(config: &Config) -> RetryPolicy {
    RetryPolicy {
        max_attempts: config.worker.max_attempts,
        base: Duration::from_secs(config.worker.backoff_base_seconds),
        cap: Duration::from_secs(config.worker.backoff_max_seconds),
    }
}

/// The configured worker with what it works with. One that was told which executors to offer, or has to leave one out,
/// leaves all other tasks to others; one that offers all fails what none of them fits.
///
/// # Errors
///
/// [`InvalidOptions`] when the numbers do not go together.
pub fn worker_options(config: &Config, working: &Working) -> Result<WorkerOptions, InvalidOptions> {
    let worker = &config.worker;
    let seconds = Duration::from_secs;
    Ok(WorkerOptions::new(worker.name.as_str(), &worker.workspace_root)
        .with_slots(worker.slots)?
        .with_max_concurrent_tasks(Some(worker.max_concurrent_tasks).filter(|most| *most > 0))
        .with_lease(seconds(worker.lease_seconds), seconds(worker.heartbeat_seconds))?
        .with_grace(seconds(worker.grace_seconds))
        .with_filter(claim_filter(config, working))
        .with_agents(working.agents.clone())
        .with_isolation(working.workshop.sandbox().level())
        .with_keep(keep_rules(config))
        .with_retry(retry_policy(config)))
}

/// Which tasks are claimed.
pub(crate) fn claim_filter(config: &Config, working: &Working) -> ClaimFilter {
    let offered = worker_capabilities(config, working.executors.names());
    let is_whole = config.worker.executors.is_empty() && working.left_out.is_empty();
    if is_whole { ClaimFilter::any(offered) } else { ClaimFilter::offering(offered) }
}

/// How long the workspaces of failed work are kept.
#[must_use]
pub(crate) fn keep_rules(config: &Config) -> KeepRules {
    KeepRules { time: Duration::from_secs(config.worker.keep_failed_seconds), ..KeepRules::default() }
}
