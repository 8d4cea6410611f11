//! Brings work that was approved to its source: one new branch, never a change to one that is there.

use std::path::Path;
use std::sync::Arc;

use super::cache::RepoCache;
use super::call::Call;
use super::client::git_dir;
use super::error::GitError;
use super::intake::open_below;
use super::receive::{HandoverLimits, Offer};
use super::reference::{RefError, RefName};
use super::refusal::Refusal;
use super::run_commit::RunCommit;
use super::run_key::RunKey;
use crate::process::Bounds;

/// The work to publish.
#[derive(Debug, Clone, Copy)]
pub struct Publication<'a> {
    /// `owner/name`.
    pub repo: &'a str,
    /// The attempt's name in the repository cache.
    pub run_key: &'a str,
    /// The commit that the work began with.
    pub base_commit: &'a str,
    /// The commit that was approved.
    pub head_commit: &'a str,
    /// The bundle that holds it. The caller has checked its digest.
    pub bundle: &'a Path,
    /// The branch's name, without `refs/heads/`.
    pub branch: &'a str,
}

/// What publishing did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Published {
    /// The branch is new.
    Pushed,
    /// The branch was there, at this very commit.
    AlreadyThere,
}

/// Why nothing was published.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PushError {
    /// The branch's name breaks git's rules.
    #[error("the branch's name is not valid")]
    InvalidBranch(#[source] RefError),
    /// The branch is there, at another commit.
    #[error("the branch `{branch}` is there already, at {commit}")]
    BranchExists {
        /// The branch.
        branch: String,
        /// Where it is.
        commit: String,
    },
    /// The bundle holds another commit than the one to publish.
    #[error("the bundle holds {found} instead of the commit to publish")]
    OtherCommit {
        /// What it holds.
        found: String,
    },
    /// The source does not take it.
    #[error("the source refused: {stderr}")]
    Refused {
        /// The end of what git said, without credentials.
        stderr: String,
    },
    /// It did not come that far.
    #[error("failed to prepare the push")]
    Git(#[from] GitError),
}

/// Publishes from a repository cache.
#[derive(Debug, Clone)]
pub struct Publisher {
    cache: Arc<RepoCache>,
}

impl Publisher {
    /// Publishes to the sources of `cache`.
    pub fn new(cache: Arc<RepoCache>) -> Self {
        Self { cache }
    }

    /// Makes the branch at the source. Doing so twice is doing it once.
    ///
    /// # Errors
    ///
    /// [`PushError`]. Nothing was changed at the source then, unless it failed after it took the branch.
    pub async fn publish(&self, publication: &Publication<'_>, bounds: &Bounds) -> Result<Published, PushError> {
        let reference = format!("refs/heads/{}", publication.branch);
        for name in [publication.branch, &reference] {
            RefName::parse(name).map_err(PushError::InvalidBranch)?;
        }
        let work = self.work(publication, bounds).await?;
        let push = Push { work: &work, reference: &reference, branch: publication.branch, bounds };
        if push.is_there().await? {
            return Ok(Published::AlreadyThere);
        }
        match push.push().await {
            Ok(()) => Ok(Published::Pushed),
            // Somebody else may have been quicker, or the answer may have been lost.
            Err(GitError::GitFailed { stderr, .. }) => {
                if push.is_there().await? {
                    Ok(Published::Pushed)
                } else {
                    Err(PushError::Refused { stderr })
                }
            }
            Err(error) => Err(error.into()),
        }
    }

    /// The commit in the cache: as it was received there, else from the bundle, by the same rules.
    async fn work(&self, publication: &Publication<'_>, bounds: &Bounds) -> Result<RunCommit, PushError> {
        let Publication { repo, run_key, base_commit, head_commit, bundle, branch: _ } = *publication;
        let run = RunKey::parse(run_key).map_err(GitError::InvalidRunKey)?;
        if let Some(work) = self.cache.received(repo, &run, bounds).await?
            && (work.base(), work.head()) == (base_commit, head_commit)
        {
            return Ok(work);
        }
        let base = self.cache.snapshot(repo, base_commit, bounds).await?;
        base.pin(&run, bounds).await?;
        let (folder, name) = (bundle.parent(), bundle.file_name().and_then(|name| name.to_str()));
        let (Some(folder), Some(name)) = (folder, name) else {
            return Err(GitError::Refused(Refusal::NotAFile).into());
        };
        let bundle = open_below(folder, &[name]).map_err(GitError::Refused)?;
        let limits = HandoverLimits::default();
        let offer = Offer { run: &run, bundle, copy_to: None, limits, sandbox: None };
        let work = self.cache.receive(&base, offer, bounds).await?;
        if work.head() == head_commit {
            Ok(work)
        } else {
            Err(PushError::OtherCommit { found: work.head().to_owned() })
        }
    }
}

struct Push<'a> {
    work: &'a RunCommit,
    reference: &'a str,
    branch: &'a str,
    bounds: &'a Bounds,
}

impl Push<'_> {
    /// Whether the source has the branch at the commit; an error if it has it elsewhere.
    async fn is_there(&self) -> Result<bool, PushError> {
        let mirror = self.work.snapshot().mirror();
        let call = Call::new("look at the source", ["ls-remote", "--refs", "--", mirror.remote.address()])
            .with_remote(&mirror.remote)
            .arg(self.reference);
        let lines = match self.work.snapshot().git().run(call, self.bounds).await {
            Err(GitError::GitFailed { stderr, .. }) => {
                return Err(GitError::FetchFailed { repo: mirror.repo.clone(), stderr }.into());
            }
            other => other?,
        };
        let at = lines.iter().find_map(|line| line.split_once('\t').filter(|(_, name)| *name == self.reference));
        match at {
            None => Ok(false),
            Some((commit, _)) if commit == self.work.head() => Ok(true),
            Some((commit, _)) => {
                Err(PushError::BranchExists { branch: self.branch.to_owned(), commit: commit.to_owned() })
            }
        }
    }

    /// The lease on nothing makes it a push that fails when the branch is there, fast-forward or not.
    async fn push(&self) -> Result<(), GitError> {
        let snapshot = self.work.snapshot();
        let mirror = snapshot.mirror();
        let mut call = Call::new("push", [git_dir(&mirror.folder)])
            .with_remote(&mirror.remote)
            .args(["push", "--quiet", "--no-verify", "--no-signed", "--no-follow-tags", "--recurse-submodules=no"])
            .arg(format!("--force-with-lease={}:", self.reference))
            .args(["--", mirror.remote.address()])
            .arg(format!("{}:{}", self.work.head(), self.reference));
        // The hooks of a source on this machine are its own gate, and the operator's.
        call.variables.push(("GIT_CONFIG_GLOBAL", snapshot.git().push_configuration().into()));
        snapshot.git().run(call, self.bounds).await.map(drop)
    }
}
