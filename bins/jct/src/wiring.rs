//! From configuration to the crates it configures: the one place where their vocabularies meet.

use std::sync::Arc;
use std::time::Duration;

use jct_config::{Config, RepoMatch};
use jct_exec::git::RepoSourceError;
use jct_exec::{CommandExecutor, Executor, Executors, RepoCache, RepoSource, RepoSources, SurveyExecutor};
use jct_http::HttpOptions;
use jct_lifecycle::RetryPolicy;
use jct_policy::{PolicyConfig, RepoPrefix};
use jct_runner::{InvalidOptions, WorkerOptions};
use jct_store::model::ClaimFilter;

use crate::exit::Exit;
use crate::failure::Failure;

/// The configured repository sources.
pub(crate) fn repo_sources(config: &Config) -> Result<RepoSources, RepoSourceError> {
    RepoSources::new(repo_source_list(config)?)
}

/// The configured repository sources, one by one.
pub(crate) fn repo_source_list(config: &Config) -> Result<Vec<RepoSource>, RepoSourceError> {
    let source = |source: &jct_config::RepoSource| match source.matches() {
        RepoMatch::Prefix(prefix) => RepoSource::new(Some(prefix), None, source.url()),
        RepoMatch::Exact(repo) => RepoSource::new(None, Some(repo), source.url()),
    };
    config.repo_sources.iter().map(source).collect()
}

/// The configured policy, with one more allowed prefix if there is one.
pub(crate) fn policy(config: &Config, prefix: Option<RepoPrefix>) -> Result<PolicyConfig, Failure> {
    let mut policy = config.policy.clone();
    policy.allowed_repo_prefixes.extend(prefix);
    policy.gate().map_err(|error| Failure::caused(Exit::Usage, "the configured policy is not one", &error))
}

/// The configured HTTP server.
pub(crate) fn http(config: &Config) -> HttpOptions {
    let api = &config.api;
    let size = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
    HttpOptions {
        host: api.host,
        port: api.port,
        cors_origins: api.cors_origins.iter().map(|origin| origin.to_string()).collect(),
        body_limit: size(api.body_limit_bytes),
        batch_body_limit: size(api.batch_body_limit_bytes),
        request_timeout: Duration::from_secs(api.request_timeout_seconds),
        max_connections: size(api.max_connections.into()),
        keep_alive: Duration::from_secs(api.keep_alive_seconds),
        shutdown_grace: Duration::from_secs(api.shutdown_grace_seconds),
        workers: size(api.workers.into()),
    }
}

/// The configured executors over `sources`; all of them if none is named.
pub(crate) fn executors(config: &Config, sources: RepoSources) -> Result<Executors, Failure> {
    let failed = |error: &(dyn std::error::Error + 'static)| {
        Failure::caused(Exit::Local, "the executors cannot be put together", error)
    };
    let cache = RepoCache::new(&config.worker.cache_root, sources).map_err(|error| failed(&error))?;
    let cache = Arc::new(cache.with_fetch_limit(Duration::from_secs(config.worker.fetch_timeout_seconds)));
    let all: [Arc<dyn Executor>; 2] =
        [Arc::new(CommandExecutor::new(Arc::clone(&cache))), Arc::new(SurveyExecutor::new(cache))];
    let names = &config.worker.executors;
    if let Some(unknown) = names.iter().find(|name| all.iter().all(|executor| executor.name() != name.as_str())) {
        return Err(Failure::new(Exit::Usage, format!("there is no executor `{}`", unknown.as_str()))
            .hint("`command` and `survey` are built in"));
    }
    let offered = all
        .into_iter()
        .filter(|executor| names.is_empty() || names.iter().any(|name| name.as_str() == executor.name()));
    Executors::new(offered).map_err(|error| failed(&error))
}

/// The configured worker. One that was told which executors to offer leaves all other tasks to others.
pub(crate) fn worker(config: &Config) -> Result<WorkerOptions, InvalidOptions> {
    let worker = &config.worker;
    let names: Vec<_> = worker.executors.iter().map(|name| name.as_str().to_owned()).collect();
    let filter = if names.is_empty() { ClaimFilter::Any } else { ClaimFilter::Executors(names) };
    let seconds = Duration::from_secs;
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
        .with_component("jct", env!("CARGO_PKG_VERSION")))
}

#[cfg(test)]
mod tests {
    use jct_config::Sources;
    use jct_contract::RepoName;

    use super::*;

    #[test]
    fn the_demo_adds_its_prefix_to_what_is_configured() {
        let overrides = vec![("policy.allowed_repo_prefixes".to_owned(), "myorg/".to_owned())];
        let config = Config::resolve(&Sources { overrides, ..Sources::default() }).expect("a configuration");
        let allows = |policy: &PolicyConfig, repo: &str| {
            let repo: RepoName = repo.parse().expect("a name");
            policy.allowed_repo_prefixes().iter().any(|prefix| prefix.contains(&repo))
        };
        let (plain, demo) =
            (policy(&config, None).expect("a policy"), policy(&config, "local/".parse().ok()).expect("a policy"));
        assert!(allows(&plain, "myorg/app") && !allows(&plain, "local/demo"));
        assert!(allows(&demo, "myorg/app") && allows(&demo, "local/demo") && !allows(&demo, "other/app"));
    }

    #[test]
    fn the_default_configuration_makes_a_worker() {
        let config = Config::resolve(&Sources::default()).expect("a configuration");
        assert!(worker(&config).is_ok());
        assert_eq!(http(&config).port, 8000);
    }
}
