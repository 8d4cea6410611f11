//! From configuration to the parts of a worker.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use jct_config::{Config, RepoMatch};
use jct_exec::{CommandExecutor, Executor, Executors, RepoCache, RepoSource, RepoSources, SurveyExecutor};
use jct_lifecycle::RetryPolicy;
use jct_runner::{RunMode, WorkerOptions};
use jct_store::model::ClaimFilter;

/// The executors that the configuration asks for; all of them if it names none.
pub(crate) fn executors(config: &Config) -> Result<Executors> {
    let cache = RepoCache::new(&config.worker.cache_root, sources(config)?)
        .context("failed to prepare the repository cache")?
        .with_fetch_limit(Duration::from_secs(config.worker.fetch_timeout_seconds));
    let cache = Arc::new(cache);
    let all: [Arc<dyn Executor>; 2] =
        [Arc::new(CommandExecutor::new(cache.clone())), Arc::new(SurveyExecutor::new(cache))];
    for wanted in &config.worker.executors {
        if !all.iter().any(|executor| executor.name() == wanted.as_str()) {
            let known: Vec<_> = all.iter().map(|executor| executor.name()).collect();
            bail!("there is no executor `{}`; known are {}", wanted.as_str(), known.join(", "));
        }
    }
    let wanted = |executor: &Arc<dyn Executor>| {
        let names = &config.worker.executors;
        names.is_empty() || names.iter().any(|name| name.as_str() == executor.name())
    };
    Executors::new(all.into_iter().filter(wanted)).context("failed to put the executors together")
}

fn sources(config: &Config) -> Result<RepoSources> {
    let source = |source: &jct_config::RepoSource| match source.matches() {
        RepoMatch::Prefix(prefix) => RepoSource::new(Some(prefix), None, source.url()),
        RepoMatch::Exact(repo) => RepoSource::new(None, Some(repo), source.url()),
    };
    let sources = config.repo_sources.iter().map(source).collect::<Result<Vec<_>, _>>()?;
    Ok(RepoSources::new(sources)?)
}

/// The options of the worker. A worker that was told which executors to offer leaves all other tasks to others; one
/// that offers all fails what none of them fits.
pub(crate) fn options(config: &Config, mode: RunMode) -> Result<WorkerOptions> {
    let worker = &config.worker;
    let seconds = Duration::from_secs;
    let filter = if worker.executors.is_empty() {
        ClaimFilter::Any
    } else {
        ClaimFilter::Executors(worker.executors.iter().map(|name| name.as_str().to_owned()).collect())
    };
    let retry = RetryPolicy {
        max_attempts: worker.max_attempts,
        base: seconds(worker.backoff_base_seconds),
        cap: seconds(worker.backoff_max_seconds),
    };
    Ok(WorkerOptions::new(worker.name.as_str(), &worker.workspace_root)
        .with_slots(worker.slots)?
        .with_lease(seconds(worker.lease_seconds), seconds(worker.heartbeat_seconds))?
        .with_grace(seconds(worker.grace_seconds))
        .with_filter(filter)
        .with_retry(retry)
        .with_mode(mode)
        .with_component("jct-worker", env!("CARGO_PKG_VERSION")))
}

#[cfg(test)]
mod tests {
    use jct_config::Sources;

    use super::*;

    fn config(overrides: &[(&str, &str)]) -> Config {
        let folder = tempfile::tempdir().unwrap();
        let cache = ("worker.cache_root".to_owned(), folder.path().display().to_string());
        let given = overrides.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        let sources = Sources { overrides: given.chain([cache]).collect(), ..Sources::default() };
        Config::resolve(&sources).unwrap()
    }

    #[test]
    fn all_executors_are_offered_unless_some_are_named() {
        let names = |config: &Config| executors(config).unwrap().names().map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(names(&config(&[])), ["command", "survey"]);
        assert_eq!(names(&config(&[("worker.executors", "survey")])), ["survey"]);
    }

    #[test]
    fn an_unknown_executor_is_refused_by_name() {
        let error = executors(&config(&[("worker.executors", "survey,agent")])).unwrap_err().to_string();
        assert_eq!(error, "there is no executor `agent`; known are command, survey");
    }

    #[test]
    fn the_default_configuration_makes_a_worker() {
        assert!(options(&config(&[]), RunMode::Serve).is_ok());
    }
}
