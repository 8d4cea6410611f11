//! A commit that was received from an executor: what it changes, and fresh checkouts of it that the executor has never
//! touched.

use std::io;
use std::path::Path;

use super::call::Call;
use super::changes::{Changes, Listing, listing};
use super::client::{git_dir, option};
use super::error::{CacheStep, GitError};
use super::receive::sizes;
use super::snapshot::Snapshot;
use crate::process::Bounds;

/// The largest patch, in bytes.
const LARGEST_PATCH: u64 = 64 << 20;
const MOST_COMMITS: usize = 1000;
/// Stands for no attributes at all: those in the commit are the executor's, and could hide a text as binary.
const NO_ATTRIBUTES: (&str, &str) = ("attr.tree", "4b825dc642cb6eb9a060e54bf8d69288fbee4904");

/// The work of an attempt, as the cache has it.
#[derive(Debug, Clone)]
pub struct RunCommit {
    head: Snapshot,
    base: String,
}

impl RunCommit {
    pub(super) fn new(head: Snapshot, base: String) -> Self {
        Self { head, base }
    }

    /// The id of the commit that the work began with.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// The id of the commit that it led to.
    pub fn head(&self) -> &str {
        self.head.commit()
    }

    /// The commit it led to, for checkouts.
    pub fn snapshot(&self) -> &Snapshot {
        &self.head
    }

    /// Whether nothing was changed.
    pub fn is_empty(&self) -> bool {
        self.base == self.head()
    }

    /// What was changed. Neither the executor's attributes nor any program has a say in it.
    ///
    /// # Errors
    ///
    /// [`GitError::GitFailed`] when git cannot tell, [`GitError::Cache`], or the bounds.
    pub async fn changes(&self, bounds: &Bounds) -> Result<Changes, GitError> {
        if self.is_empty() {
            return Ok(Changes::default());
        }
        let scratch = tempfile::tempdir_in(self.head.git().home()).map_err(unreadable)?;
        let Listing { mut stat, objects } = self.listing(&scratch.path().join("list"), bounds).await?;
        let call = Call::new("read the change", [git_dir(&self.head.mirror().folder)]);
        stat.truncated = sizes(self.head.git(), call, &objects, bounds).await? > LARGEST_PATCH;
        let patch = if stat.truncated { Vec::new() } else { self.patch(&scratch.path().join("patch"), bounds).await? };
        Ok(Changes { patch, stat, commits: self.commits(bounds).await? })
    }

    async fn listing(&self, output: &Path, bounds: &Bounds) -> Result<Listing, GitError> {
        let call = self.diff(output).args(["--raw", "--numstat", "-z", "--no-abbrev"]);
        self.head.git().run(call.args([&self.base, self.head()]), bounds).await?;
        let bytes = tokio::fs::read(output).await.map_err(unreadable)?;
        listing(&bytes).map_err(|_| GitError::GitFailed {
            action: "list the changed files",
            stderr: "its answer was not understood".to_owned(),
        })
    }

    async fn patch(&self, output: &Path, bounds: &Bounds) -> Result<Vec<u8>, GitError> {
        let call = self.diff(output).args(["--binary", "--full-index", "--unified=3", "--diff-algorithm=myers"]);
        self.head.git().run(call.args([&self.base, self.head()]), bounds).await?;
        tokio::fs::read(output).await.map_err(unreadable)
    }

    fn diff(&self, output: &Path) -> Call<'static> {
        let (key, value) = NO_ATTRIBUTES;
        Call::new("read the change", [git_dir(&self.head.mirror().folder)])
            .setting(key, value)
            .setting("diff.renameLimit", "1000")
            .args([
                "diff",
                "--no-ext-diff",
                "--no-textconv",
                "--no-color",
                "--find-renames",
                "--ignore-submodules=none",
            ])
            .args(["--src-prefix=a/", "--dst-prefix=b/"])
            .arg(option("--output=", output))
    }

    async fn commits(&self, bounds: &Bounds) -> Result<Vec<super::snapshot::Commit>, GitError> {
        self.head.log(&format!("{}..{}", self.base, self.head()), "", MOST_COMMITS, bounds).await
    }
}

fn unreadable(cause: io::Error) -> GitError {
    GitError::Cache { step: CacheStep::Changes, cause }
}
