//! The registry of manifests: where manifests may come from besides it.

use std::sync::Arc;

use jct_config::Config;
use jct_exec::RepoSources;
use jct_exec::git::GitError;
use jct_tower::manifests::{GitManifestRepos, ManifestFolder, ManifestOptions, ManifestRepos};

use crate::repo_cache;

/// The configured sources of manifests, repositories being those of `sources`.
///
/// # Errors
///
/// [`GitError`] for a cache folder that cannot be used.
pub fn manifest_options(config: &Config, sources: RepoSources) -> Result<ManifestOptions, GitError> {
    let manifests = &config.manifests;
    let repos: Option<Arc<dyn ManifestRepos>> =
        if sources.is_empty() { None } else { Some(Arc::new(GitManifestRepos::new(repo_cache(config, sources)?))) };
    let root = manifests.path_root.as_ref().filter(|_| manifests.path_enabled);
    Ok(ManifestOptions {
        folder: root.map(ManifestFolder::new),
        repos,
        base_capabilities: manifests.base_capabilities.clone(),
    })
}

#[cfg(test)]
mod tests {
    use jct_config::Sources;

    use super::*;
    use crate::repo_sources;

    fn options(overrides: &[(&str, &str)]) -> ManifestOptions {
        let overrides = overrides.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        let sources = Sources { overrides: overrides.collect(), ..Sources::default() };
        let config = Config::resolve(&sources).unwrap();
        manifest_options(&config, repo_sources(&config).unwrap()).unwrap()
    }

    #[test]
    fn files_and_repositories_are_closed_unless_they_are_configured() {
        let closed = options(&[]);
        assert!(closed.folder.is_none() && closed.repos.is_none() && closed.base_capabilities.is_empty());
        assert!(options(&[("manifests.path_root", "/srv/manifests")]).folder.is_none(), "the switch decides");
        let open = options(&[
            ("manifests.path_root", "/srv/manifests"),
            ("manifests.path_enabled", "true"),
            ("manifests.base_capabilities", "Gpu"),
            ("repo_sources", "myorg/=https://git.example.com/{repo}.git"),
        ]);
        assert!(open.folder.is_some() && open.repos.is_some());
        assert_eq!(open.base_capabilities[0].as_str(), "gpu");
    }
}
