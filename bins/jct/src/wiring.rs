//! From configuration to the crates it configures: the one place where their vocabularies meet.

use jct_config::{Config, RepoMatch};
use jct_exec::git::RepoSourceError;
use jct_exec::{RepoSource, RepoSources};

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
