//! The seam between a push and git: what the tower asks for, so that this process needs git only if it is to push.

use std::fmt::Debug;
use std::path::PathBuf;

use async_trait::async_trait;

/// Commits on their way to the repository that they came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Publication {
    /// The repository, `owner/name`.
    pub repo: String,
    /// The name of the attempt in a cache of repositories.
    pub run_key: String,
    /// The commit that the work began with.
    pub base_commit: String,
    /// The commit that the branch is to have.
    pub head_commit: String,
    /// The bundle with the commits in between, in a place where nobody else writes.
    pub bundle: PathBuf,
    /// The branch, without `refs/heads/`.
    pub branch: String,
}

/// What became of a publication.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Published {
    /// Whether the branch was not there before; it never had another commit.
    pub created: bool,
    /// Where the repository lies, without anything secret.
    pub remote: String,
}

/// Why nothing was published.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PublishError {
    /// No source is configured for the repository.
    #[error("no source of the repository is known")]
    UnknownRepo,
    /// The branch is there and has another commit.
    #[error("the branch has another commit")]
    BranchExists,
    /// The repository did not take it, or could not be reached in time.
    #[error("{0}")]
    Refused(String),
    /// The bundle does not hold those commits.
    #[error("the bundle does not hold the commits that it should")]
    Bundle(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// git or this machine failed.
    #[error("failed to push")]
    Failed(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Pushes commits, never with force.
#[async_trait]
pub trait Publish: Debug + Send + Sync {
    /// Makes the branch of the repository have the commit. If it has it already, nothing happens.
    async fn publish(&self, publication: &Publication) -> Result<Published, PublishError>;
}
