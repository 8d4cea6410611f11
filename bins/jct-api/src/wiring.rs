//! From configuration to the parts of a server.

use std::sync::Arc;

use anyhow::{Context, Result};
use jct_config::Config;
use jct_contract::SystemClock;
use jct_store::Store;
use jct_tower::TowerOptions;
use jct_tower::access::Grant;
use jct_tower::audit::Sealer;
use jct_trace::TraceRoot;
use jct_wiring::{
    database_url, event_options, job_options, manifest_options, publisher, repo_sources, review_options,
    sealer_options, store_options,
};

/// Opens the configured database.
pub(crate) async fn open_store(config: &Config) -> Result<Store> {
    let url = database_url(config)?;
    Store::open(&url, store_options(config)).await.context("failed to open the database")
}

/// Whoever seals the audit log in this process.
pub(crate) async fn sealer(config: &Config, store: &Store) -> Result<Sealer> {
    let operator = Grant::operator().principal().clone();
    let sealer = Sealer::open(store.clone(), sealer_options(config), Arc::new(SystemClock), operator).await;
    sealer.context("failed to prepare the sealing of the audit log; see JCT_AUDIT_KEY_FILE")
}

/// The policy, the key and the traces of the tower.
pub(crate) fn tower_options(config: &Config) -> Result<TowerOptions> {
    Ok(TowerOptions {
        policy: config.policy.gate()?,
        max_attempts: config.worker.max_attempts,
        create_objects: config.api.create_cwom,
        traces: traces(config),
        review: review_options(config),
        publisher: publisher(config, repo_sources(config)?).context("failed to prepare the repository cache")?,
        jobs: job_options(config),
        manifests: manifest_options(config, repo_sources(config)?).context("failed to prepare the repository cache")?,
        events: event_options(config),
        operator_key: config.api.key.as_ref().map(|key| key.expose().to_owned()),
        ..TowerOptions::default()
    })
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

#[cfg(test)]
mod tests {
    use jct_config::Sources;

    use super::*;

    fn config(overrides: &[(&str, &str)]) -> Config {
        let given = overrides.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        Config::resolve(&Sources { overrides: given.collect(), ..Sources::default() }).unwrap()
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
