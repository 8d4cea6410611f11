//! One commit of a cached repository, and what can be made of it.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Serialize;
use tokio::fs::{self, OpenOptions};
use tokio::io::AsyncWriteExt;

use super::call::Call;
use super::client::{Git, git_dir, option};
use super::error::{CacheStep, GitError};
use super::lease::Lease;
use super::mirror::Mirror;
use super::run_key::RunKey;
use super::url::RemoteUrl;
use crate::process::Bounds;

/// Separates fields of a log line; git refuses no byte in a name but a line feed and NUL, so a name
/// that holds this one only garbles its own line.
const FIELD: char = '\u{1f}';

/// What writing a checkout is called in messages.
const WRITE: &str = "write the checkout";

/// Who commits in a workspace when nobody else is named there.
const IDENTITY: &str = "[user]\n\tname = JCT worker\n\temail = worker@jct.invalid\n";

/// A commit in the cache. While it or a clone of it lives, its objects stay.
#[derive(Debug, Clone)]
pub struct Snapshot {
    pub(super) git: Git,
    pub(super) mirror: Arc<Mirror>,
    commit: String,
    /// Held, never read.
    _lease: Arc<Lease>,
}

/// A line of history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Commit {
    /// The commit's id.
    pub id: String,
    /// Author date, seconds since 1970-01-01T00:00:00Z; what the author's machine claimed.
    pub authored_at: i64,
    /// The author's name.
    pub author: String,
    /// The first line of the message.
    pub subject: String,
}

/// Who wrote how many commits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Author {
    /// The author's name.
    pub name: String,
    /// Commits reachable from the snapshot, merges left out.
    pub commits: u64,
}

impl Snapshot {
    pub(super) fn new(git: Git, mirror: Mirror, commit: String, lease: Lease) -> Self {
        Self { git, mirror: Arc::new(mirror), commit, _lease: Arc::new(lease) }
    }

    /// Another commit of the same repository.
    pub(super) fn at(&self, commit: String) -> Self {
        Self { commit, ..self.clone() }
    }

    /// The commit's id.
    pub fn commit(&self) -> &str {
        &self.commit
    }

    /// Makes a repository of its own at `dest`, which must not exist or be empty: all branches (as
    /// `origin/*`) and tags, `HEAD` detached at the commit. It shares no file with the cache and
    /// knows no remote, so nothing done in it can reach back.
    ///
    /// # Errors
    ///
    /// [`GitError::GitFailed`] when git cannot write it, or the bounds.
    pub async fn checkout(&self, dest: &Path, bounds: &Bounds) -> Result<(), GitError> {
        self.init(dest, bounds).await?;
        self.fill(dest, bounds).await
    }

    /// As [`Snapshot::checkout`], but the repository borrows the objects of the cache instead of copying them, as
    /// `git clone --shared` does: quick however large the history is, and good only as long as the cache has them.
    ///
    /// # Errors
    ///
    /// [`GitError::GitFailed`] when git cannot write it, [`GitError::Cache`], or the bounds.
    pub async fn workspace(&self, dest: &Path, bounds: &Bounds) -> Result<(), GitError> {
        self.init(dest, bounds).await?;
        let failed = |cause| GitError::Cache { step: CacheStep::Workspace, cause };
        borrow_objects(&dest.join(".git"), &self.mirror).await.map_err(failed)?;
        let identity = async {
            let mut config = OpenOptions::new().append(true).open(dest.join(".git/config")).await?;
            config.write_all(IDENTITY.as_bytes()).await?;
            config.flush().await
        };
        identity.await.map_err(failed)?;
        self.fill(dest, bounds).await
    }

    /// Where the objects lie that a workspace borrows.
    pub fn objects(&self) -> PathBuf {
        self.mirror.objects()
    }

    /// Keeps the commit, whatever becomes of the source, as the one that the attempt began with.
    ///
    /// # Errors
    ///
    /// [`GitError::GitFailed`] when git cannot write it, or the bounds.
    pub async fn pin(&self, run: &RunKey, bounds: &Bounds) -> Result<(), GitError> {
        self.point(&run.base_reference(), bounds).await
    }

    /// Has a reference of the cache's own point at the commit.
    pub(super) async fn point(&self, reference: &str, bounds: &Bounds) -> Result<(), GitError> {
        let call = Call::new("pin the commit", [git_dir(&self.mirror.folder)])
            .args(["update-ref", "--no-deref", reference])
            .arg(&self.commit);
        self.git.run(call, bounds).await.map(drop)
    }

    pub(super) fn mirror(&self) -> &Mirror {
        &self.mirror
    }

    pub(super) fn git(&self) -> &Git {
        &self.git
    }

    async fn init(&self, dest: &Path, bounds: &Bounds) -> Result<(), GitError> {
        let init = ["init", "--quiet", "--template=", "--"];
        self.git.run(Call::new(WRITE, init).arg(dest), bounds).await.map(drop)
    }

    async fn fill(&self, dest: &Path, bounds: &Bounds) -> Result<(), GitError> {
        let repository = git_dir(&dest.join(".git"));
        let cache = self.cache_as_remote()?;
        let mut fetch = Call::new(WRITE, [repository.clone()]).with_remote(&cache);
        for argument in [
            "fetch",
            "--quiet",
            "--no-tags",
            "--no-write-fetch-head",
            "--no-auto-maintenance",
            "--no-recurse-submodules",
            "--",
            cache.address(),
            "+refs/heads/*:refs/remotes/origin/*",
            "+refs/tags/*:refs/tags/*",
        ] {
            fetch = fetch.arg(argument);
        }
        let fetch = fetch.arg(format!("+{}:refs/jct/commit", self.commit));
        self.git.run(fetch, bounds).await?;

        let checkout = Call::new(WRITE, [repository])
            .arg(option("--work-tree=", dest))
            .arg("checkout")
            .arg("--quiet")
            .arg("--detach")
            .arg("--no-recurse-submodules")
            .arg(&self.commit)
            .arg("--");
        self.git.run(checkout, bounds).await.map(drop)
    }

    /// Writes the commit's files to `dest`, which must be an empty folder, without a repository
    /// around them. `index` is a file of git's that the caller removes.
    ///
    /// # Errors
    ///
    /// [`GitError::GitFailed`] when git cannot write them, or the bounds.
    pub async fn export(&self, dest: &Path, index: &Path, bounds: &Bounds) -> Result<(), GitError> {
        let mut call = Call::new("write the files", [git_dir(&self.mirror.folder)])
            .arg(option("--work-tree=", dest))
            .arg("read-tree")
            .arg("--reset")
            .arg("-u")
            .arg("--no-recurse-submodules")
            .arg(&self.commit);
        call.variables.push(("GIT_INDEX_FILE", index.into()));
        self.git.run(call, bounds).await.map(drop)
    }

    /// The last `count` commits that touch `path` (`""`: all), newest first.
    ///
    /// # Errors
    ///
    /// [`GitError::GitFailed`] when git cannot read them, or the bounds.
    pub async fn history(&self, path: &str, count: usize, bounds: &Bounds) -> Result<Vec<Commit>, GitError> {
        self.log(&self.commit, path, count, bounds).await
    }

    pub(super) async fn log(
        &self,
        range: &str,
        path: &str,
        count: usize,
        bounds: &Bounds,
    ) -> Result<Vec<Commit>, GitError> {
        let call = Call::new("read the history", [git_dir(&self.mirror.folder)])
            .args(["--literal-pathspecs", "log", "--no-show-signature"])
            .arg(format!("--max-count={count}"))
            .arg(format!("--format=%H{FIELD}%at{FIELD}%an{FIELD}%s"))
            .arg(range);
        let lines = self.git.run(limited_to(call, path), bounds).await?;
        Ok(lines.iter().filter_map(|line| commit(line)).collect())
    }

    /// The authors of all commits that touch `path` (`""`: all), most commits first.
    ///
    /// # Errors
    ///
    /// [`GitError::GitFailed`] when git cannot read them, or the bounds.
    pub async fn authors(&self, path: &str, bounds: &Bounds) -> Result<Vec<Author>, GitError> {
        let call = Call::new("read the authors", [git_dir(&self.mirror.folder)])
            .arg("--literal-pathspecs")
            .arg("shortlog")
            .arg("--summary")
            .arg("--numbered")
            .arg("--no-merges")
            .arg(&self.commit);
        let lines = self.git.run(limited_to(call, path), bounds).await?;
        Ok(lines.iter().filter_map(|line| author(line)).collect())
    }

    fn cache_as_remote(&self) -> Result<RemoteUrl, GitError> {
        let path = self.mirror.folder.to_str().unwrap_or_default();
        RemoteUrl::parse(path)
            .map_err(|error| GitError::GitFailed { action: "read the repository cache", stderr: error.to_string() })
    }
}

fn limited_to<'a>(call: Call<'a>, path: &str) -> Call<'a> {
    let call = call.arg("--");
    if path.is_empty() { call } else { call.arg(path) }
}

fn commit(line: &str) -> Option<Commit> {
    let mut fields = line.splitn(4, FIELD);
    Some(Commit {
        id: fields.next()?.to_owned(),
        authored_at: fields.next()?.parse().ok()?,
        author: fields.next()?.to_owned(),
        subject: fields.next()?.to_owned(),
    })
}

fn author(line: &str) -> Option<Author> {
    let (commits, name) = line.trim_start().split_once('\t')?;
    Some(Author { name: name.to_owned(), commits: commits.parse().ok()? })
}

/// Has a repository look for objects in `mirror` too.
pub(super) async fn borrow_objects(repository: &Path, mirror: &Mirror) -> io::Result<()> {
    let folder = repository.join("objects/info");
    fs::create_dir_all(&folder).await?;
    let mut line = mirror.objects().into_os_string().into_encoded_bytes();
    line.push(b'\n');
    fs::write(folder.join("alternates"), line).await
}
