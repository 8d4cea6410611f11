//! Repositories: where they come from, and the cache of them.

use std::sync::Arc;
use std::time::Duration;

use jct_config::{Config, RepoMatch};
use jct_exec::git::{GitError, RepoSourceError};
use jct_exec::{RepoCache, RepoSource, RepoSources};
use jct_tower::runs::{GitPublisher, Publish};

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

/// The configured cache over `sources`.
///
/// # Errors
///
/// [`GitError`] for a folder that cannot be used.
pub fn repo_cache(config: &Config, sources: RepoSources) -> Result<Arc<RepoCache>, GitError> {
    let cache = RepoCache::new(&config.worker.cache_root, sources)?;
    Ok(Arc::new(cache.with_fetch_limit(Duration::from_secs(config.worker.fetch_timeout_seconds))))
}

/// Whoever pushes approved work to `sources`; nobody where none is configured.
///
/// # Errors
///
/// [`GitError`] for a cache folder that cannot be used.
pub fn publisher(config: &Config, sources: RepoSources) -> Result<Option<Arc<dyn Publish>>, GitError> {
    if sources.is_empty() {
        return Ok(None);
    }
    Ok(Some(Arc::new(GitPublisher::new(repo_cache(config, sources)?))))
}
