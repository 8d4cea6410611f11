//! A bare copy of every repository that a task has named, so that a checkout costs one incremental
//! fetch.
//!
//! Layout: `<root>/<owner>+<name>-<digest of the address>.git` and beside it its `.lock`. The digest
//! keeps apart what the same name meant before a source was configured anew. Nothing but this module
//! writes there, and objects are never collected, so a commit once resolved stays readable without
//! the lock.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sha2::{Digest, Sha256};
use tokio::time::{Instant, sleep_until};

use super::client::{Call, Git, git_dir};
use super::error::{CacheStep, GitError};
use super::lock::{CacheState, Held, Locks};
use super::reference::{HEAD_COPY, RefName};
use super::snapshot::Snapshot;
use super::source::RepoSources;
use super::url::RemoteUrl;
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

/// One repository of the cache.
struct Entry<'a> {
    repo: &'a str,
    remote: RemoteUrl,
    folder: PathBuf,
}

impl Entry<'_> {
    fn not_found(&self, reference: &RefName) -> GitError {
        GitError::RefNotFound { repo: self.repo.to_owned(), reference: reference.as_str().to_owned() }
    }
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
        let remote = self.sources.resolve(repo)?;
        let entry = Entry { repo, folder: self.root.join(folder_name(repo, &remote)), remote };
        let limited = bounds.within(self.fetch_limit);
        let commit = match self.commit(&entry, &reference, &limited).await {
            // Which of the two limits it was decides whether another try makes sense.
            Err(GitError::TimedOut) if !bounds.is_over() => {
                return Err(GitError::FetchTimedOut { repo: repo.to_owned(), limit: self.fetch_limit });
            }
            other => other?,
        };
        Ok(Snapshot::new(self.git.clone(), entry.folder, commit))
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

    async fn commit(&self, entry: &Entry<'_>, reference: &RefName, bounds: &Bounds) -> Result<String, GitError> {
        if let Some(id) = reference.as_commit()
            && entry.folder.join("HEAD").exists()
            && let Some(commit) = self.lookup(entry, &id, bounds).await?
        {
            return Ok(commit);
        }
        let asked_at = Instant::now();
        let mut held = self.hold(entry, bounds).await?;
        if held.state.fetched_from.is_none_or(|from| from < asked_at) || reference.is_head() {
            self.update(entry, reference, &mut held.state, bounds).await?;
        }
        for candidate in reference.candidates() {
            if let Some(commit) = self.lookup(entry, &candidate, bounds).await? {
                return Ok(commit);
            }
        }
        self.fetch_commit(entry, reference, bounds).await
    }

    async fn hold(&self, entry: &Entry<'_>, bounds: &Bounds) -> Result<Held, GitError> {
        let failed = |cause| GitError::Cache { step: CacheStep::Lock, cause };
        // Private: the cache holds repositories that the machine's other users may not read.
        let mut private = tokio::fs::DirBuilder::new();
        private.recursive(true).mode(0o700);
        private.create(&self.root).await.map_err(failed)?;
        let path = entry.folder.with_extension("lock");
        tokio::select! {
            biased;
            () = bounds.cancelled() => Err(GitError::Cancelled),
            held = self.locks.hold(&path) => held.map_err(failed),
            () = sleep_until(bounds.deadline()) => Err(GitError::TimedOut),
        }
    }

    /// Makes the cache if need be and fetches into it. A cache that a crash left damaged or locked
    /// is made anew, once.
    async fn update(
        &self,
        entry: &Entry<'_>,
        reference: &RefName,
        state: &mut CacheState,
        bounds: &Bounds,
    ) -> Result<(), GitError> {
        let begun = Instant::now();
        let existed = entry.folder.join("HEAD").exists();
        let mut fetched = self.init_and_fetch(entry, reference, bounds).await;
        if let Err(GitError::FetchFailed { stderr, .. } | GitError::GitFailed { stderr, .. }) = &fetched
            && existed
            && looks_damaged(stderr)
        {
            log::warn!(repo = entry.repo; "a damaged repository cache is made anew");
            let folder = entry.folder.clone();
            let replaced = tokio::task::spawn_blocking(move || discard(&folder)).await;
            replaced
                .map_err(io::Error::other)
                .flatten()
                .map_err(|cause| GitError::Cache { step: CacheStep::Replace, cause })?;
            fetched = self.init_and_fetch(entry, reference, bounds).await;
        }
        fetched?;
        state.fetched_from = Some(begun);
        Ok(())
    }

    async fn init_and_fetch(&self, entry: &Entry<'_>, reference: &RefName, bounds: &Bounds) -> Result<(), GitError> {
        if !entry.folder.join("HEAD").exists() {
            let arguments = ["init", "--bare", "--quiet", "--template=", "--"];
            let call = Call::new("make a repository cache", arguments).arg(&entry.folder);
            self.git.run(call, bounds).await?;
        }
        let mut specs = vec!["+refs/heads/*:refs/heads/*".to_owned(), "+refs/tags/*:refs/tags/*".to_owned()];
        if reference.is_head() {
            specs.push(format!("+HEAD:{HEAD_COPY}"));
        }
        match self.fetch(entry, "--prune", specs, bounds).await {
            // A remote without commits has no `HEAD` to fetch; git says so in the C locale.
            Err(GitError::FetchFailed { stderr, .. })
                if reference.is_head() && stderr.contains("find remote ref HEAD") =>
            {
                Err(entry.not_found(reference))
            }
            other => other,
        }
    }

    /// A whole commit id may be known to the remote although no branch or tag leads to it.
    async fn fetch_commit(&self, entry: &Entry<'_>, reference: &RefName, bounds: &Bounds) -> Result<String, GitError> {
        let not_found = || entry.not_found(reference);
        let id = reference.as_commit().ok_or_else(not_found)?;
        let spec = format!("+{id}:refs/jct/commits/{id}");
        match self.fetch(entry, "--no-prune", vec![spec], bounds).await {
            Ok(()) => self.lookup(entry, &id, bounds).await?.ok_or_else(not_found),
            Err(GitError::FetchFailed { .. }) => Err(not_found()),
            Err(error) => Err(error),
        }
    }

    async fn fetch(&self, entry: &Entry<'_>, prune: &str, specs: Vec<String>, bounds: &Bounds) -> Result<(), GitError> {
        let mut call = Call::new("fetch", [git_dir(&entry.folder)]).with_remote(&entry.remote);
        for argument in [
            "fetch",
            "--quiet",
            prune,
            "--no-tags",
            "--no-write-fetch-head",
            "--no-auto-maintenance",
            "--no-recurse-submodules",
            // A source may be a shallow clone, as many checkouts are; without this git drops its refs silently.
            "--update-shallow",
            "--",
            entry.remote.address(),
        ] {
            call = call.arg(argument);
        }
        for spec in specs {
            call = call.arg(spec);
        }
        match self.git.run(call, bounds).await {
            Ok(_) => Ok(()),
            Err(GitError::GitFailed { stderr, .. }) => {
                Err(GitError::FetchFailed { repo: entry.repo.to_owned(), stderr })
            }
            Err(error) => Err(error),
        }
    }

    /// The id of the commit that a full reference or an id names in the cache.
    async fn lookup(&self, entry: &Entry<'_>, name: &str, bounds: &Bounds) -> Result<Option<String>, GitError> {
        let call = Call::new("look up a reference", [git_dir(&entry.folder)])
            .arg("rev-parse")
            .arg("--verify")
            .arg("--quiet")
            .arg("--end-of-options")
            .arg(format!("{name}^{{commit}}"));
        match self.git.run(call, bounds).await {
            Ok(lines) => Ok(lines.into_iter().next()),
            Err(GitError::GitFailed { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// A readable and unique folder name: the digest separates, the rest is for people.
fn folder_name(repo: &str, remote: &RemoteUrl) -> String {
    let digest = Sha256::digest(format!("{}\n{}", repo.to_lowercase(), remote.address()));
    let readable: String = repo.to_lowercase().replace('/', "+").chars().take(80).collect();
    format!("{readable}-{}.git", hex::encode(&digest[..10]))
}

/// Messages of git (in the C locale) about its own files.
fn looks_damaged(stderr: &str) -> bool {
    const SIGNS: [&str; 7] = [
        ".lock': File exists",
        "loose object",
        "is corrupt",
        "is empty",
        "bad object",
        "missing blob",
        "not a git repository: '<folder>'",
    ];
    SIGNS.iter().any(|sign| stderr.contains(sign))
}

/// Moves the folder aside first, so that a crash while removing leaves no half of a cache.
fn discard(folder: &Path) -> io::Result<()> {
    let aside = folder.with_extension(format!("discarded-{}", uuid::Uuid::new_v4().simple()));
    fs::rename(folder, &aside)?;
    fs::remove_dir_all(&aside)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folder_names_stay_apart_and_inside() {
        let one = RemoteUrl::parse("/srv/One").unwrap();
        let two = RemoteUrl::parse("/srv/two").unwrap();
        let name = folder_name("myorg/a", &one);
        assert!(name.starts_with("myorg+a-") && name.ends_with(".git"), "{name}");
        assert_ne!(name, folder_name("myorg/a", &two));
        assert_ne!(folder_name("myorg/a+b", &one), folder_name("myorg/a/b", &one));
        assert_eq!(name, folder_name("MyOrg/A", &one));
    }

    #[test]
    fn only_messages_about_the_cache_count_as_damage() {
        assert!(looks_damaged("fatal: Unable to create '<folder>/packed-refs.lock': File exists."));
        assert!(looks_damaged("error: object file ab/cd is empty"));
        assert!(!looks_damaged("fatal: '<remote>' does not appear to be a git repository"));
        assert!(!looks_damaged("ssh: connect to host h port 22: Connection refused"));
    }
}
