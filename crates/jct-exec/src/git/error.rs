//! What can go wrong between a repository's name and a checkout.

use std::io;
use std::time::Duration;

use super::reference::RefError;
use super::refusal::Refusal;
use super::run_key::InvalidRunKey;

/// A step on the cache's own files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum CacheStep {
    /// Preparing git's private home and configuration.
    Prepare,
    /// Making the cache folder.
    Create,
    /// Opening or taking the lock file.
    Lock,
    /// Putting a damaged cache aside.
    Replace,
    /// Preparing a place for what an executor hands over.
    Quarantine,
    /// Writing a workspace's own settings.
    Workspace,
    /// Reading what a run changed.
    Changes,
    /// Looking after the caches.
    Maintain,
}

impl CacheStep {
    fn as_str(self) -> &'static str {
        match self {
            Self::Prepare => "prepare git's configuration",
            Self::Create => "create the repository cache",
            Self::Lock => "lock the repository cache",
            Self::Replace => "replace the repository cache",
            Self::Quarantine => "prepare a place for what is handed over",
            Self::Workspace => "write the settings of the workspace",
            Self::Changes => "read what was changed",
            Self::Maintain => "look after the repository caches",
        }
    }
}

/// Why there is no checkout. No variant holds credentials or the path of a folder.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GitError {
    /// Not an `owner/name`.
    #[error("`{repo}` is no repository name")]
    InvalidRepo {
        /// The name as given.
        repo: String,
    },
    /// No configured source matches.
    #[error("no repository source is configured for `{repo}`")]
    RepoNotConfigured {
        /// The name in lower case.
        repo: String,
    },
    /// The reference breaks git's rules.
    #[error("the reference is not valid")]
    InvalidRef(#[source] RefError),
    /// Neither a branch, a tag nor a commit of the repository.
    #[error("`{repo}` has no branch, tag or commit `{reference}`")]
    RefNotFound {
        /// The repository.
        repo: String,
        /// The reference as asked for.
        reference: String,
    },
    /// git could not fetch; often passing.
    #[error("failed to fetch `{repo}`: {stderr}")]
    FetchFailed {
        /// The repository.
        repo: String,
        /// The end of what git said, without credentials.
        stderr: String,
    },
    /// The fetch, or the wait for another one of the same repository, took too long.
    #[error("fetching `{repo}` took longer than {} s", limit.as_secs())]
    FetchTimedOut {
        /// The repository.
        repo: String,
        /// The configured limit.
        limit: Duration,
    },
    /// git could not read the cache or write the checkout.
    #[error("git failed to {action}: {stderr}")]
    GitFailed {
        /// What it was asked for.
        action: &'static str,
        /// The end of what git said, without credentials.
        stderr: String,
    },
    /// The git program could not be started.
    #[error("failed to start git")]
    GitNotStarted(#[source] io::Error),
    /// The cache's own files cannot be used.
    #[error("failed to {}", step.as_str())]
    Cache {
        /// Which step failed.
        step: CacheStep,
        /// Why.
        #[source]
        cause: io::Error,
    },
    /// The attempt's name cannot be part of a reference.
    #[error("the attempt's name cannot be used")]
    InvalidRunKey(#[source] InvalidRunKey),
    /// What an executor left breaks a rule.
    #[error("the work is not accepted: {0}")]
    Refused(Refusal),
    /// The job's own deadline passed.
    #[error("the time budget ran out")]
    TimedOut,
    /// Cancellation was asked for.
    #[error("cancelled")]
    Cancelled,
}
