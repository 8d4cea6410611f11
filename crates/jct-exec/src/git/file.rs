//! One file of a commit, byte by byte and without a checkout.

use std::io;
use std::path::Path;

use tokio::fs;

use super::call::Call;
use super::client::git_dir;
use super::error::{CacheStep, GitError};
use super::snapshot::Snapshot;
use crate::process::Bounds;

/// How the files begin that git unpacks objects into.
const UNPACKED: &str = ".merge_file_";

/// What there is under a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileAnswer {
    /// A regular file, with what it holds.
    Bytes(Vec<u8>),
    /// Nothing, or something that is no regular file: a folder, a symbolic link, a submodule.
    NotFound,
    /// A regular file that holds more than was asked for.
    TooLarge {
        /// How many bytes.
        bytes: u64,
    },
}

/// A regular file as git lists it.
struct Listed<'a> {
    object: &'a str,
    bytes: u64,
}

impl Snapshot {
    /// What the regular file `path` holds in this commit, at most `most` bytes of it. Nothing is converted, and no
    /// filter of the repository runs.
    ///
    /// # Errors
    ///
    /// [`GitError::GitFailed`] when git cannot read it, [`GitError::Cache`], or the bounds.
    pub async fn file(&self, path: &str, most: usize, bounds: &Bounds) -> Result<FileAnswer, GitError> {
        if path.is_empty() {
            return Ok(FileAnswer::NotFound);
        }
        let call = Call::new("look for a file", [git_dir(&self.mirror.folder)])
            .args(["--literal-pathspecs", "ls-tree", "--full-tree", "--long"])
            .args([self.commit(), "--", path]);
        let lines = self.git.run(call, bounds).await?;
        let [line] = lines.as_slice() else { return Ok(FileAnswer::NotFound) };
        let Some(Listed { object, bytes }) = listed(line) else { return Ok(FileAnswer::NotFound) };
        if usize::try_from(bytes).map_or(true, |bytes| bytes > most) {
            return Ok(FileAnswer::TooLarge { bytes });
        }
        self.unpacked(object, bounds).await.map(FileAnswer::Bytes)
    }

    /// git's output is read as lines of text, so that the bytes take the way over a file in its private folder.
    async fn unpacked(&self, object: &str, bounds: &Bounds) -> Result<Vec<u8>, GitError> {
        let call = Call::new("read a file", [git_dir(&self.mirror.folder)]).args(["unpack-file", object]);
        let lines = self.git.run(call, bounds).await?;
        let failed = |cause| GitError::Cache { step: CacheStep::Workspace, cause };
        let name = lines.first().filter(|name| name.starts_with(UNPACKED) && !name.contains('/'));
        let name = name.ok_or_else(|| failed(io::Error::other("git does not say where it put the file")))?;
        let place = self.git.home().join(name);
        let bytes = fs::read(&place).await.map_err(failed);
        discard(&place).await;
        bytes
    }
}

/// The private folder goes away with the process; until then a file more does no harm.
async fn discard(place: &Path) {
    if let Err(error) = fs::remove_file(place).await {
        log::warn!("failed to remove a file that git unpacked: {error}");
    }
}

/// `<mode> blob <object> <size>\t<path>`, if it is a regular file.
fn listed(line: &str) -> Option<Listed<'_>> {
    let (about, _) = line.split_once('\t')?;
    let mut words = about.split_ascii_whitespace();
    let (mode, kind) = (words.next()?, words.next()?);
    let (object, bytes) = (words.next()?, words.next()?.parse().ok()?);
    (kind == "blob" && matches!(mode, "100644" | "100755" | "100664")).then_some(Listed { object, bytes })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &str, expect: Option<(&str, u64)>) {
        assert_eq!(listed(line).map(|listed| (listed.object, listed.bytes)), expect, "{line}");
    }

    #[test]
    fn only_regular_files_count() {
        check("100644 blob 5d98       2\td/g", Some(("5d98", 2)));
        check("100755 blob 5d98       0\ta b\tc", Some(("5d98", 0)));
        check("120000 blob 5d98       1\tl", None);
        check("040000 tree 5d98       -\td", None);
        check("160000 commit 5d98       -\tm", None);
        check("", None);
    }
}
