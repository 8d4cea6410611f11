//! From configuration to the parts of a server.

use std::time::Duration;

use anyhow::{Context, Result};
use jct_config::Config;
use jct_http::HttpOptions;
use jct_lifecycle::RetryPolicy;
use jct_store::{DatabaseUrl, Store, StoreOptions};
use jct_tower::TowerOptions;
use jct_trace::TraceRoot;

/// Opens the configured database.
pub(crate) async fn open_store(config: &Config) -> Result<Store> {
    let database = &config.database;
    let url: DatabaseUrl = database.url.expose().parse()?;
    let options = StoreOptions {
        migrate: database.migrate,
        read_connections: usize::try_from(database.read_connections)?,
        writers: usize::try_from(database.writers)?,
        clock: None,
    };
    Store::open(&url, options).await.context("failed to open the database")
}

/// The policy, the key and the traces of the tower.
pub(crate) fn tower_options(config: &Config) -> Result<TowerOptions> {
    Ok(TowerOptions {
        policy: config.policy.gate()?,
        max_attempts: config.worker.max_attempts,
        traces: traces(config),
        operator_key: config.api.key.as_ref().map(|key| key.expose().to_owned()),
        ..TowerOptions::default()
    })
}

/// How tasks are tried again whose lease ran out.
pub(crate) fn retry_policy(config: &Config) -> RetryPolicy {
    RetryPolicy {
        max_attempts: config.worker.max_attempts,
        base: Duration::from_secs(config.worker.backoff_base_seconds),
        cap: Duration::from_secs(config.worker.backoff_max_seconds),
    }
}

/// A server may run where the traces are not; then it serves everything else.
fn traces(config: &Config) -> Option<TraceRoot> {
    match TraceRoot::open(config.trace.root.as_path()) {
        Ok(root) => Some(root),
        Err(error) => {
            let cause = error.to_string();
            log::warn!(cause = cause.as_str(); "the trace root cannot be opened; traces are not served");
            None
        }
    }
}

/// Limits, addresses and times.
pub(crate) fn http_options(config: &Config) -> Result<HttpOptions> {
    let api = &config.api;
    Ok(HttpOptions {
        host: api.host,
        port: api.port,
        cors_origins: api.cors_origins.iter().map(ToString::to_string).collect(),
        body_limit: usize::try_from(api.body_limit_bytes)?,
        batch_body_limit: usize::try_from(api.batch_body_limit_bytes)?,
        request_timeout: Duration::from_secs(api.request_timeout_seconds),
        max_connections: usize::try_from(api.max_connections)?,
        keep_alive: Duration::from_secs(api.keep_alive_seconds),
        shutdown_grace: Duration::from_secs(api.shutdown_grace_seconds),
        workers: usize::try_from(api.workers)?,
    })
}

#[cfg(test)]
mod tests {
    use jct_config::Sources;

    use super::*;

    fn config(overrides: &[(&str, &str)]) -> Config {
        let given = overrides.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        Config::resolve(&Sources { overrides: given.collect(), ..Sources::default() }).unwrap()
    }

    #[test]
    fn the_defaults_of_the_configuration_are_those_of_the_server() {
        let defaults = HttpOptions::default();
        let options = http_options(&config(&[])).unwrap();
        assert_eq!(HttpOptions { workers: defaults.workers, ..options }, defaults);
    }

    #[test]
    fn the_tower_gets_the_configured_policy_key_and_attempts() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().display().to_string();
        let key = "0123456789abcdef";
        let config = config(&[
            ("policy.allowed_repo_prefixes", "MyOrg/,partner"),
            ("api.key", key),
            ("worker.max_attempts", "7"),
            ("trace.root", &root),
        ]);
        let options = tower_options(&config).unwrap();
        let prefixes: Vec<_> = options.policy.allowed_repo_prefixes().iter().map(ToString::to_string).collect();
        assert_eq!(prefixes, ["myorg/", "partner/"]);
        assert_eq!((options.operator_key.as_deref(), options.max_attempts), (Some(key), 7));
        assert!(options.traces.is_some());
    }
}
