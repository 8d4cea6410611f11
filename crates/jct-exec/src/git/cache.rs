//! A bare copy of every repository that a task has named, so that a checkout costs one incremental
//! fetch.
//!
//! Nothing but this module and its neighbours writes there. A commit once resolved stays readable without the lock,
//! because its [`Snapshot`] holds a lease: objects are collected only while there is none.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use super::call::Call;
use super::client::{Git, git_dir};
use super::error::{CacheStep, GitError};
use super::lease::Lease;
use super::lock::{CacheState, Held, Locks};
use super::mirror::{Mirror, looks_damaged};
use super::reference::{HEAD_COPY, RefName};
use super::snapshot::Snapshot;
use super::source::RepoSources;
use crate::process::Bounds;

/// How long a fetch, with its wait for the lock, may take unless told otherwise.
pub const DEFAULT_FETCH_LIMIT: Duration = Duration::from_secs(300);

/// The cached repositories of one folder.
#[derive(Debug)]
pub struct RepoCache {
    root: PathBuf,
    sources: RepoSources,
    fetch_limit: Duration,
    git: Git,
    locks: Locks,
}

impl RepoCache {
    /// A cache in `root`, which is made when first needed, for repositories that `sources` know.
    ///
    /// # Errors
    ///
    /// [`GitError::Cache`] when `root` cannot be made absolute or git's private configuration
    /// cannot be written.
    pub fn new(root: &Path, sources: RepoSources) -> Result<Self, GitError> {
        let root = std::path::absolute(root).map_err(|cause| GitError::Cache { step: CacheStep::Prepare, cause })?;
        Ok(Self { root, sources, fetch_limit: DEFAULT_FETCH_LIMIT, git: Git::new("git")?, locks: Locks::default() })
    }

    /// The same cache with another limit for one fetch (default 300 s).
    #[must_use]
    pub fn with_fetch_limit(mut self, limit: Duration) -> Self {
        self.fetch_limit = limit;
        self
    }

    /// The configured sources.
    pub fn sources(&self) -> &RepoSources {
        &self.sources
    }

    /// Brings the cache up to date and finds the commit that `reference` names now: a branch, else
    /// a tag, else a commit id; `HEAD` is the remote's default branch.
    ///
    /// A whole commit id that is cached already needs no remote. Callers that wait while another
    /// fetch of the repository begins share that fetch.
    ///
    /// # Errors
    ///
    /// [`GitError`]: the name, its source, the reference, the fetch, or the bounds.
    pub async fn snapshot(&self, repo: &str, reference: &str, bounds: &Bounds) -> Result<Snapshot, GitError> {
        let reference = RefName::parse(reference).map_err(GitError::InvalidRef)?;
        let mirror = self.mirror(repo)?;
        let limited = bounds.within(self.fetch_limit);
        let leased = async {
            let lease = self.lease(&mirror, &limited).await?;
            Ok((self.commit(&mirror, &reference, &lease, &limited).await?, lease))
        };
        let (commit, lease) = match leased.await {
            // Which of the two limits it was decides whether another try makes sense.
            Err(GitError::TimedOut) if !bounds.is_over() => {
                return Err(GitError::FetchTimedOut { repo: repo.to_owned(), limit: self.fetch_limit });
            }
            other => other?,
        };
        Ok(Snapshot::new(self.git.clone(), mirror, commit, lease))
    }

    /// [`RepoCache::snapshot`] and a fresh checkout of it at `dest`; gives back the commit's id.
    ///
    /// # Errors
    ///
    /// [`GitError`], as of the two calls.
    pub async fn checkout(
        &self,
        repo: &str,
        reference: &str,
        dest: &Path,
        bounds: &Bounds,
    ) -> Result<String, GitError> {
        let snapshot = self.snapshot(repo, reference, bounds).await?;
        snapshot.checkout(dest, bounds).await?;
        Ok(snapshot.commit().to_owned())
    }

    async fn commit(
        &self,
        mirror: &Mirror,
        reference: &RefName,
        lease: &Lease,
        bounds: &Bounds,
    ) -> Result<String, GitError> {
        if let Some(id) = reference.as_commit()
            && mirror.exists()
            && let Some(commit) = self.lookup(mirror, &id, bounds).await?
        {
            return Ok(commit);
        }
        let asked_at = Instant::now();
        let mut held = self.hold(mirror, bounds).await?;
        if held.state.fetched_from.is_none_or(|from| from < asked_at) || reference.is_head() {
            self.update(mirror, reference, lease, &mut held.state, bounds).await?;
        }
        for candidate in reference.candidates() {
            if let Some(commit) = self.lookup(mirror, &candidate, bounds).await? {
                return Ok(commit);
            }
        }
        self.fetch_commit(mirror, reference, bounds).await
    }

    /// The mirror of `repo`, which need not exist.
    pub(super) fn mirror(&self, repo: &str) -> Result<Mirror, GitError> {
        Ok(Mirror::new(&self.root, repo, self.sources.resolve(repo)?))
    }

    pub(super) fn git(&self) -> &Git {
        &self.git
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    pub(super) fn locks(&self) -> &Locks {
        &self.locks
    }

    /// Private: the cache holds repositories that the machine's other users may not read.
    async fn make_root(&self) -> Result<(), GitError> {
        let mut private = tokio::fs::DirBuilder::new();
        private.recursive(true).mode(0o700);
        let made = private.create(&self.root).await;
        made.map_err(|cause| GitError::Cache { step: CacheStep::Lock, cause })
    }

    pub(super) async fn lease(&self, mirror: &Mirror, bounds: &Bounds) -> Result<Lease, GitError> {
        self.make_root().await?;
        Lease::shared(&mirror.lease_file(), bounds).await
    }

    pub(super) async fn hold(&self, mirror: &Mirror, bounds: &Bounds) -> Result<Held, GitError> {
        let failed = |cause| GitError::Cache { step: CacheStep::Lock, cause };
        self.make_root().await?;
        let lock_file = mirror.lock_file();
        tokio::select! {
            biased;
            () = bounds.cancelled() => Err(GitError::Cancelled),
            held = self.locks.hold(&lock_file) => held.map_err(failed),
            () = sleep_until(bounds.deadline()) => Err(GitError::TimedOut),
        }
    }

    /// Makes the cache if need be and fetches into it. Lock files that a crash left are removed; a cache that it left
    /// damaged is made anew, once, unless somebody needs what is still good of it.
    async fn update(
        &self,
        mirror: &Mirror,
        reference: &RefName,
        lease: &Lease,
        state: &mut CacheState,
        bounds: &Bounds,
    ) -> Result<(), GitError> {
        let begun = Instant::now();
        let existed = mirror.exists();
        let mut fetched = self.init_and_fetch(mirror, reference, bounds).await;
        if existed && is_damage(&fetched) {
            log::warn!(repo = mirror.repo; "a repository cache that a crash left locked or damaged is repaired");
            on_disk(CacheStep::Replace, mirror, Mirror::remove_stale_locks).await?;
            fetched = self.init_and_fetch(mirror, reference, bounds).await;
            let failed = |cause| GitError::Cache { step: CacheStep::Lock, cause };
            if is_damage(&fetched) && lease.claim().map_err(failed)? {
                log::warn!(repo = mirror.repo; "a damaged repository cache is made anew");
                let discarded = on_disk(CacheStep::Replace, mirror, Mirror::discard).await;
                lease.share().map_err(failed)?;
                discarded?;
                fetched = self.init_and_fetch(mirror, reference, bounds).await;
            }
        }
        fetched?;
        state.fetched_from = Some(begun);
        Ok(())
    }

    async fn init_and_fetch(&self, mirror: &Mirror, reference: &RefName, bounds: &Bounds) -> Result<(), GitError> {
        if !mirror.exists() {
            let arguments = ["init", "--bare", "--quiet", "--template=", "--"];
            let call = Call::new("make a repository cache", arguments).arg(&mirror.folder);
            self.git.run(call, bounds).await?;
        }
        let mut specs = vec!["+refs/heads/*:refs/heads/*".to_owned(), "+refs/tags/*:refs/tags/*".to_owned()];
        if reference.is_head() {
            specs.push(format!("+HEAD:{HEAD_COPY}"));
        }
        match self.fetch(mirror, &["--prune"], specs, bounds).await {
            // A remote without commits has no `HEAD` to fetch; git says so in the C locale.
            Err(GitError::FetchFailed { stderr, .. })
                if reference.is_head() && stderr.contains("find remote ref HEAD") =>
            {
                Err(mirror.not_found(reference))
            }
            other => other,
        }
    }

    /// A whole commit id may be known to the remote although no branch or tag leads to it.
    async fn fetch_commit(&self, mirror: &Mirror, reference: &RefName, bounds: &Bounds) -> Result<String, GitError> {
        let not_found = || mirror.not_found(reference);
        let id = reference.as_commit().ok_or_else(not_found)?;
        let spec = format!("+{id}:refs/jct/commits/{id}");
        // Asks the remote even for what is here already: that an executor made it says nothing about the source.
        let is_here = resolve(&self.git, &mirror.folder, &id, bounds).await?.is_some();
        let options: &[&str] = if is_here { &["--no-prune", "--refetch"] } else { &["--no-prune"] };
        match self.fetch(mirror, options, vec![spec], bounds).await {
            Ok(()) => self.lookup(mirror, &id, bounds).await?.ok_or_else(not_found),
            Err(GitError::FetchFailed { .. }) => Err(not_found()),
            Err(error) => Err(error),
        }
    }

    async fn fetch(
        &self,
        mirror: &Mirror,
        options: &[&str],
        specs: Vec<String>,
        bounds: &Bounds,
    ) -> Result<(), GitError> {
        let call = Call::new("fetch", [git_dir(&mirror.folder)])
            .with_remote(&mirror.remote)
            .args(["fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-auto-maintenance"])
            .arg("--no-recurse-submodules")
            // A source may be a shallow clone, as many checkouts are; without this git drops its refs silently.
            .arg("--update-shallow")
            .args(options)
            .args(["--", mirror.remote.address()])
            .args(specs);
        match self.git.run(call, bounds).await {
            Ok(_) => Ok(()),
            Err(GitError::GitFailed { stderr, .. }) => Err(GitError::FetchFailed { repo: mirror.repo.clone(), stderr }),
            Err(error) => Err(error),
        }
    }

    /// The id of the commit that a full reference or an id names in the cache. An id counts only if the source leads to
    /// it, or did when a task began with it: what an executor has made is in the cache too.
    async fn lookup(&self, mirror: &Mirror, name: &str, bounds: &Bounds) -> Result<Option<String>, GitError> {
        let Some(commit) = resolve(&self.git, &mirror.folder, name, bounds).await? else { return Ok(None) };
        if name.starts_with("refs/") {
            return Ok(Some(commit));
        }
        let call = Call::new("look up a commit", [git_dir(&mirror.folder)])
            .args(["for-each-ref", "--count=1", "--format=x"])
            .arg(format!("--contains={commit}"))
            .args(["refs/heads", "refs/tags", "refs/jct/commits", "refs/jct/base"]);
        let found = self.git.run(call, bounds).await?;
        Ok((!found.is_empty()).then_some(commit))
    }
}

/// The id of the commit that `name` stands for in a repository.
pub(super) async fn resolve(
    git: &Git,
    repository: &Path,
    name: &str,
    bounds: &Bounds,
) -> Result<Option<String>, GitError> {
    let call = Call::new("look up a reference", [git_dir(repository)])
        .args(["rev-parse", "--verify", "--quiet", "--end-of-options"])
        .arg(format!("{name}^{{commit}}"));
    match git.run(call, bounds).await {
        Ok(lines) => Ok(lines.into_iter().next()),
        Err(GitError::GitFailed { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

fn is_damage(fetched: &Result<(), GitError>) -> bool {
    matches!(fetched, Err(GitError::FetchFailed { stderr, .. } | GitError::GitFailed { stderr, .. }) if looks_damaged(stderr))
}

/// Does something with a mirror's files on a blocking thread.
async fn on_disk(step: CacheStep, mirror: &Mirror, work: fn(&Path) -> io::Result<()>) -> Result<(), GitError> {
    let folder = mirror.folder.clone();
    let done = tokio::task::spawn_blocking(move || work(&folder)).await;
    done.map_err(io::Error::other).flatten().map_err(|cause| GitError::Cache { step, cause })
}
