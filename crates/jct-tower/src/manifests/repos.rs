//! Manifests in repositories: the seam to git, so that this process needs it only if jobs are to name manifests there.

use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jct_contract::RepoName;
use jct_exec::git::{FileAnswer, GitError, RepoCache};
use jct_exec::process::Bounds;
use tokio_util::sync::CancellationToken;

/// One look, with the fetch that may have to come first: somebody waits for it.
const LIMIT: Duration = Duration::from_secs(25);

/// A file of a repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RepoFile {
    /// The repository.
    pub repo: RepoName,
    /// The branch, tag or commit; the default branch if absent.
    pub reference: Option<String>,
    /// The file, a plain relative path.
    pub path: String,
}

/// Why there is no file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RepoFileError {
    /// No source is configured for the repository.
    #[error("no source of the repository is configured")]
    UnknownRepo,
    /// It has no such branch, tag or commit.
    #[error("the repository has no such branch, tag or commit")]
    RefNotFound,
    /// It has no such file there.
    #[error("the repository has no such file there")]
    NotFound,
    /// The file is too large.
    #[error("the file has {bytes} bytes, which is more than a manifest may have")]
    TooLarge {
        /// How large it is.
        bytes: u64,
    },
    /// The repository could not be reached in time.
    #[error("the repository could not be read in time")]
    Unreachable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// git or this machine failed.
    #[error("failed to read the repository")]
    Failed(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Reads single files of repositories.
#[async_trait]
pub trait ManifestRepos: Debug + Send + Sync {
    /// The bytes of the file, at most `most` of them.
    async fn read(&self, file: &RepoFile, most: usize) -> Result<Vec<u8>, RepoFileError>;
}

/// Reads from the sources of a cache of repositories, without a checkout.
#[derive(Debug)]
pub struct GitManifestRepos(Arc<RepoCache>);

impl GitManifestRepos {
    /// Reads from the sources of `cache`.
    #[must_use]
    pub const fn new(cache: Arc<RepoCache>) -> Self {
        Self(cache)
    }
}

#[async_trait]
impl ManifestRepos for GitManifestRepos {
    async fn read(&self, file: &RepoFile, most: usize) -> Result<Vec<u8>, RepoFileError> {
        let bounds = Bounds::new(LIMIT, CancellationToken::new());
        let reference = file.reference.as_deref().unwrap_or("HEAD");
        // Boxed: it holds whole calls of git.
        let snapshot = Box::pin(self.0.snapshot(file.repo.as_str(), reference, &bounds)).await.map_err(refused)?;
        match Box::pin(snapshot.file(&file.path, most, &bounds)).await.map_err(refused)? {
            FileAnswer::Bytes(bytes) => Ok(bytes),
            FileAnswer::NotFound => Err(RepoFileError::NotFound),
            FileAnswer::TooLarge { bytes } => Err(RepoFileError::TooLarge { bytes }),
        }
    }
}

fn refused(error: GitError) -> RepoFileError {
    match error {
        GitError::InvalidRepo { .. } | GitError::RepoNotConfigured { .. } => RepoFileError::UnknownRepo,
        GitError::InvalidRef(_) | GitError::RefNotFound { .. } => RepoFileError::RefNotFound,
        error @ (GitError::FetchFailed { .. } | GitError::FetchTimedOut { .. } | GitError::TimedOut) => {
            RepoFileError::Unreachable(Box::new(error))
        }
        error => RepoFileError::Failed(Box::new(error)),
    }
}
