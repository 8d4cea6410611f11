//! The repository of the demo: the checkout around the working directory, or a sample.

use std::path::{Path, PathBuf};
use std::time::Duration;

use jct_config::Config;
use jct_exec::process::Bounds;
use jct_exec::{GitError, RepoCache, RepoSource, RepoSources};
use tokio_util::sync::CancellationToken;

use super::sample;
use crate::exit::Exit;
use crate::failure::Failure;

/// Name by which the demo's repository is handed in.
pub(super) const REPO: &str = "local/demo";
/// Part of the namespace that the demo adds to the policy.
pub(crate) const PREFIX: &str = "local/";
/// Looking at a checkout costs one local fetch.
const LOOK_LIMIT: Duration = Duration::from_secs(120);

/// The checkout that the demo looks at, and the sources that know it.
#[derive(Debug)]
pub(super) struct DemoRepo {
    pub(super) folder: PathBuf,
    pub(super) commit: String,
    pub(super) sources: RepoSources,
    /// What it is, for people.
    pub(super) kind: Kind,
}

/// What the demo's repository is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// The checkout around the working directory.
    Checkout,
    /// A sample, because there is no checkout.
    Sample,
    /// A sample, because the checkout has no commit that can be fetched.
    SampleInstead,
}

impl Kind {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Checkout => "the checkout here",
            Self::Sample => "a sample, there is no checkout here",
            Self::SampleInstead => "a sample, the checkout here has no commit that can be fetched",
        }
    }
}

/// Finds a repository with a commit, or makes one.
pub(super) async fn find(config: &Config, working: &Path) -> Result<DemoRepo, Failure> {
    let mut kind = Kind::Sample;
    if let Some(folder) = top_level(working) {
        match look(config, &folder).await {
            Ok((commit, sources)) => return Ok(DemoRepo { folder, commit, sources, kind: Kind::Checkout }),
            // A repository without a commit has nothing to report on.
            Err(GitError::RefNotFound { .. }) => kind = Kind::SampleInstead,
            Err(error) => return Err(cannot_look(&folder, &error)),
        }
    }
    let folder = sample::ensure(working).await?;
    let (commit, sources) = look(config, &folder).await.map_err(|error| cannot_look(&folder, &error))?;
    Ok(DemoRepo { folder, commit, sources, kind })
}

/// The nearest folder, from `working` upwards, that is the top of a git checkout: a linked work tree has a file there.
fn top_level(working: &Path) -> Option<PathBuf> {
    working.ancestors().find(|folder| folder.join(".git").exists()).map(Path::to_owned)
}

/// The commit that is checked out, and the configured sources with the demo's among them.
async fn look(config: &Config, folder: &Path) -> Result<(String, RepoSources), GitError> {
    let sources = sources(config, folder)?;
    let cache = RepoCache::new(&config.worker.cache_root, sources.clone())?;
    let bounds = Bounds::new(LOOK_LIMIT, CancellationToken::new());
    let snapshot = cache.snapshot(REPO, "HEAD", &bounds).await?;
    Ok((snapshot.commit().to_owned(), sources))
}

fn sources(config: &Config, folder: &Path) -> Result<RepoSources, GitError> {
    let configured = jct_wiring::repo_source_list(config);
    let demo = folder.to_str().and_then(|path| RepoSource::new(None, Some(REPO), path).ok());
    let unusable = || GitError::InvalidRepo { repo: REPO.to_owned() };
    let (Ok(mut sources), Some(demo)) = (configured, demo) else { return Err(unusable()) };
    sources.push(demo);
    RepoSources::new(sources).map_err(|_| unusable())
}

fn cannot_look(folder: &Path, error: &GitError) -> Failure {
    Failure::caused(Exit::Local, format!("git cannot read the checkout at {}", folder.display()), error)
        .hint("`jct doctor` looks at git itself; in a folder outside of any checkout the demo makes a sample")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_checkout_counts_and_a_work_tree_is_one() {
        let folder = tempfile::tempdir().expect("a folder");
        let (outer, inner) = (folder.path().join("outer"), folder.path().join("outer/inner/deep"));
        std::fs::create_dir_all(&inner).expect("folders");
        std::fs::create_dir(outer.join(".git")).expect("a repository");
        assert_eq!(top_level(&inner), Some(outer.clone()));
        std::fs::write(outer.join("inner/.git"), "gitdir: elsewhere").expect("a work tree");
        assert_eq!(top_level(&inner), Some(outer.join("inner")));
    }
}
