//! Answers whether git and the configured repositories can be used, before a task needs them.

use std::fmt;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::call::Call;
use super::client::Git;
use super::error::GitError;
use super::source::RepoSources;
use crate::process::Bounds;

/// Older versions lack a switch that the hardened environment relies on (reading its own
/// configuration file in place of the user's).
const OLDEST: GitVersion = GitVersion { major: 2, minor: 32 };
const LIMIT: Duration = Duration::from_secs(10);
const REMOTE_LIMIT: Duration = Duration::from_secs(30);

/// A version of git.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct GitVersion {
    major: u32,
    minor: u32,
}

impl fmt::Display for GitVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

/// Why git cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProbeError {
    /// git did not run.
    #[error("failed to run git")]
    Git(#[source] GitError),
    /// Its answer was not understood.
    #[error("`git version` gave an answer without a version")]
    NoVersion,
    /// It is too old.
    #[error("git {found} is too old, {OLDEST} or newer is needed")]
    TooOld {
        /// The version found.
        found: GitVersion,
    },
}

/// Looks at what executors need, before a task needs it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Prober;

impl Prober {
    /// The version of the `git` in `PATH`.
    ///
    /// # Errors
    ///
    /// [`ProbeError`] when it does not run, does not say its version, or is older than 2.32.
    pub async fn git_version(self) -> Result<GitVersion, ProbeError> {
        let git = Git::new("git").map_err(ProbeError::Git)?;
        let bounds = Bounds::new(LIMIT, CancellationToken::new());
        let call = Call::new("tell its version", ["version"]);
        let lines = git.run(call, &bounds).await.map_err(ProbeError::Git)?;
        let found = lines.first().and_then(|line| version(line));
        match found {
            None => Err(ProbeError::NoVersion),
            Some(found) if found < OLDEST => Err(ProbeError::TooOld { found }),
            Some(found) => Ok(found),
        }
    }

    /// Asks the source of `repo` for its `HEAD`, which shows that it can be reached and read.
    ///
    /// # Errors
    ///
    /// [`GitError`] as [`RepoCache::snapshot`](super::RepoCache::snapshot) would give it;
    /// [`GitError::FetchTimedOut`] when there is no answer within 30 s.
    pub async fn repository(self, sources: &RepoSources, repo: &str) -> Result<(), GitError> {
        let remote = sources.resolve(repo)?;
        let bounds = Bounds::new(REMOTE_LIMIT, CancellationToken::new());
        let arguments = ["ls-remote", "--quiet", "--", remote.address(), "HEAD"];
        let call = Call::new("ask the repository", arguments).with_remote(&remote);
        match Git::new("git")?.run(call, &bounds).await {
            Ok(_) => Ok(()),
            Err(GitError::GitFailed { stderr, .. }) => Err(GitError::FetchFailed { repo: repo.to_owned(), stderr }),
            Err(GitError::TimedOut) => Err(GitError::FetchTimedOut { repo: repo.to_owned(), limit: REMOTE_LIMIT }),
            Err(error) => Err(error),
        }
    }
}

/// Reads `git version 2.47.3 (vendor)`.
fn version(line: &str) -> Option<GitVersion> {
    let number = line.strip_prefix("git version ")?;
    let mut parts = number.split(|c: char| !c.is_ascii_digit());
    Some(GitVersion { major: parts.next()?.parse().ok()?, minor: parts.next()?.parse().ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &str, expect: Option<(u32, u32)>) {
        assert_eq!(version(line).map(|v| (v.major, v.minor)), expect);
    }

    #[test]
    fn versions_are_read() {
        check("git version 2.47.3", Some((2, 47)));
        check("git version 2.39.5 (Apple Git-154)", Some((2, 39)));
        check("git version 2", None);
        check("hub version 2.1", None);
    }

    #[tokio::test]
    async fn this_machine_has_git() {
        assert!(Prober.git_version().await.unwrap() >= OLDEST);
    }
}
