//! Publishing with git, from the cache of repositories.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jct_exec::git::{GitError, Publisher, PushError, RepoCache, Transport};
use jct_exec::process::Bounds;
use tokio_util::sync::CancellationToken;

use super::publish::{Publication, Publish, PublishError, Published};

/// One push, with the fetch that may have to come first. Longer than any request: a push outlives the one that asked.
const LIMIT: Duration = Duration::from_secs(600);
/// Longest text of git that an answer repeats, in characters.
const MESSAGE_MAX_CHARS: usize = 2000;

/// Pushes to the sources of a cache of repositories.
#[derive(Debug)]
pub struct GitPublisher {
    cache: Arc<RepoCache>,
    publisher: Publisher,
}

/// Where a repository lies.
struct Remote {
    address: String,
    /// What of it everybody may see: no path of this machine.
    shown: String,
}

impl GitPublisher {
    /// Pushes to the sources of `cache`.
    #[must_use]
    pub fn new(cache: Arc<RepoCache>) -> Self {
        Self { publisher: Publisher::new(Arc::clone(&cache)), cache }
    }

    fn remote(&self, repo: &str) -> Result<Remote, PublishError> {
        let found = self.cache.sources().resolve(repo).map_err(|_| PublishError::UnknownRepo)?;
        let address = found.to_string();
        let shown = if found.transport() == Transport::File { repo.to_owned() } else { address.clone() };
        Ok(Remote { address, shown })
    }
}

#[async_trait]
impl Publish for GitPublisher {
    async fn publish(&self, publication: &Publication) -> Result<Published, PublishError> {
        let remote = self.remote(&publication.repo)?;
        let work = jct_exec::git::Publication {
            repo: &publication.repo,
            run_key: &publication.run_key,
            base_commit: &publication.base_commit,
            head_commit: &publication.head_commit,
            bundle: &publication.bundle,
            branch: &publication.branch,
        };
        let bounds = Bounds::new(LIMIT, CancellationToken::new());
        // Boxed: it holds whole calls of git.
        match Box::pin(self.publisher.publish(&work, &bounds)).await {
            Ok(done) => {
                let created = done == jct_exec::git::Published::Pushed;
                Ok(Published { created, remote: remote.shown })
            }
            Err(error) => Err(refused(error, &remote)),
        }
    }
}

fn refused(error: PushError, remote: &Remote) -> PublishError {
    let said = |text: &str| PublishError::Refused(cleaned(text, remote));
    match error {
        PushError::BranchExists { .. } => PublishError::BranchExists,
        PushError::Refused { stderr } => said(&stderr),
        PushError::Git(GitError::FetchFailed { stderr, .. }) => said(&stderr),
        PushError::Git(GitError::RepoNotConfigured { .. } | GitError::InvalidRepo { .. }) => PublishError::UnknownRepo,
        PushError::Git(error @ (GitError::RefNotFound { .. } | GitError::FetchTimedOut { .. })) => {
            said(&error.to_string())
        }
        PushError::Git(GitError::TimedOut) => said("it did not answer in time"),
        error @ (PushError::OtherCommit { .. } | PushError::Git(GitError::Refused(_))) => {
            PublishError::Bundle(Box::new(error))
        }
        error => PublishError::Failed(Box::new(error)),
    }
}

/// What git said, without the place of a repository on this machine.
fn cleaned(text: &str, remote: &Remote) -> String {
    text.replace(&remote.address, &remote.shown).chars().take(MESSAGE_MAX_CHARS).collect()
}
