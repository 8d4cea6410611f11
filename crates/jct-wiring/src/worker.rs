//! The worker: what it can run, from where, and how it is patient.

use std::sync::Arc;
use std::time::Duration;

use jct_config::{Config, RepoMatch};
use jct_exec::executor::RegistryError;
use jct_exec::git::{GitError, RepoSourceError};
use jct_exec::{CommandExecutor, Executor, Executors, RepoCache, RepoSource, RepoSources, SurveyExecutor};
use jct_lifecycle::RetryPolicy;
use jct_runner::{InvalidOptions, WorkerOptions};
use jct_store::model::ClaimFilter;

/// Why the configured executors cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum ExecutorsError {
    /// The configuration names one that there is not.
    #[error("there is no executor `{name}`; known are {known}")]
    Unknown {
        /// The name in the configuration.
        name: String,
        /// The names there are.
        known: String,
    },
    /// The folder of the repository cache cannot be used.
    #[error("failed to prepare the repository cache")]
    Cache(#[source] GitError),
    /// Two executors have one name.
    #[error("failed to put the executors together")]
    Registry(#[source] RegistryError),
}

/// The configured repository sources.
///
/// # Errors
///
/// [`RepoSourceError`] for the first source that is not one.
pub fn repo_sources(config: &Config) -> Result<RepoSources, RepoSourceError> {
    RepoSources::new(repo_source_list(config)?)
}

/// The configured repository sources, one by one.
///
/// # Errors
///
/// [`RepoSourceError`] for the first source that is not one.
pub fn repo_source_list(config: &Config) -> Result<Vec<RepoSource>, RepoSourceError> {
    let source = |source: &jct_config::RepoSource| match source.matches() {
        RepoMatch::Prefix(prefix) => RepoSource::new(Some(prefix), None, source.url()),
        RepoMatch::Exact(repo) => RepoSource::new(None, Some(repo), source.url()),
    };
    config.repo_sources.iter().map(source).collect()
}

/// The configured executors over `sources`; all of them if none is named.
///
/// # Errors
///
/// [`ExecutorsError`] for an unknown name, or a cache folder that cannot be used.
pub fn executors(config: &Config, sources: RepoSources) -> Result<Executors, ExecutorsError> {
    let cache = RepoCache::new(&config.worker.cache_root, sources).map_err(ExecutorsError::Cache)?;
    let cache = Arc::new(cache.with_fetch_limit(Duration::from_secs(config.worker.fetch_timeout_seconds)));
    let all: [Arc<dyn Executor>; 2] =
        [Arc::new(CommandExecutor::new(Arc::clone(&cache))), Arc::new(SurveyExecutor::new(cache))];
    let names = &config.worker.executors;
    if let Some(unknown) = names.iter().find(|name| all.iter().all(|executor| executor.name() != name.as_str())) {
        let known: Vec<_> = all.iter().map(|executor| executor.name()).collect();
        return Err(ExecutorsError::Unknown { name: unknown.as_str().to_owned(), known: known.join(", ") });
    }
    let offered = all
        .into_iter()
        .filter(|executor| names.is_empty() || names.iter().any(|name| name.as_str() == executor.name()));
    Executors::new(offered).map_err(ExecutorsError::Registry)
}

/// How often and how fast a task is tried again.
#[must_use]
pub fn retry_policy(config: &Config) -> RetryPolicy {
    RetryPolicy {
        max_attempts: config.worker.max_attempts,
        base: Duration::from_secs(config.worker.backoff_base_seconds),
        cap: Duration::from_secs(config.worker.backoff_max_seconds),
    }
}

/// The configured worker. One that was told which executors to offer leaves all other tasks to others; one that offers
/// all fails what none of them fits.
///
/// # Errors
///
/// [`InvalidOptions`] when the numbers do not go together.
pub fn worker_options(config: &Config) -> Result<WorkerOptions, InvalidOptions> {
    let worker = &config.worker;
    let names: Vec<_> = worker.executors.iter().map(|name| name.as_str().to_owned()).collect();
    let filter = if names.is_empty() { ClaimFilter::Any } else { ClaimFilter::Executors(names) };
    let seconds = Duration::from_secs;
    Ok(WorkerOptions::new(worker.name.as_str(), &worker.workspace_root)
        .with_slots(worker.slots)?
        .with_lease(seconds(worker.lease_seconds), seconds(worker.heartbeat_seconds))?
        .with_grace(seconds(worker.grace_seconds))
        .with_filter(filter)
        .with_retry(retry_policy(config)))
}

#[cfg(test)]
mod tests {
    use jct_config::Sources;

    use super::*;

    fn config(overrides: &[(&str, &str)]) -> (Config, tempfile::TempDir) {
        let folder = tempfile::tempdir().unwrap();
        let cache = ("worker.cache_root".to_owned(), folder.path().display().to_string());
        let given = overrides.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        let sources = Sources { overrides: given.chain([cache]).collect(), ..Sources::default() };
        (Config::resolve(&sources).unwrap(), folder)
    }

    #[track_caller]
    fn check(overrides: &[(&str, &str)], expect: Result<&[&str], &str>) {
        let (config, _folder) = config(overrides);
        let executors = executors(&config, repo_sources(&config).unwrap()).map_err(|error| error.to_string());
        let names = executors.map(|executors| executors.names().map(str::to_owned).collect::<Vec<_>>());
        assert_eq!(names, expect.map(|names| names.iter().map(ToString::to_string).collect()).map_err(str::to_owned));
    }

    #[test]
    fn all_executors_are_offered_unless_some_are_named() {
        check(&[], Ok(&["command", "survey"]));
        check(&[("worker.executors", "survey")], Ok(&["survey"]));
        check(&[("worker.executors", "survey,agent")], Err("there is no executor `agent`; known are command, survey"));
    }

    #[test]
    fn the_default_configuration_makes_a_worker() {
        assert!(worker_options(&config(&[]).0).is_ok());
    }
}
