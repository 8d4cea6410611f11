//! A folder by its descriptor, and what lies below it. Paths are walked name by name and no link is followed, so that
//! nothing outside is ever opened, whoever moves things about meanwhile.

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Arc;

use rustix::fd::OwnedFd;
use rustix::fs::{CWD, Mode, OFlags, openat};

const FOLDER: OFlags = OFlags::DIRECTORY.union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);
/// Nothing that blocks is waited for, and no terminal is taken over.
const FILE: OFlags =
    OFlags::RDONLY.union(OFlags::NOFOLLOW).union(OFlags::NONBLOCK).union(OFlags::CLOEXEC).union(OFlags::NOCTTY);

/// An open folder. Clones share it.
#[derive(Clone, Debug)]
pub(crate) struct Folder(Arc<OwnedFd>);

/// Why something below a folder cannot be opened. The messages hold no path: they may reach the task's owner.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OpenError {
    #[error("it is a link, a folder or no plain file")]
    NotAFile,
    #[error("it cannot be opened")]
    Unreadable(#[source] io::Error),
}

impl Folder {
    /// Opens a folder whose path is trusted and real.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        Ok(Self(Arc::new(openat(CWD, path, FOLDER, Mode::empty())?)))
    }

    /// The folder below; `""` is the folder itself.
    pub(crate) fn below(&self, path: &str) -> io::Result<OwnedFd> {
        let mut at = openat(&*self.0, ".", FOLDER, Mode::empty())?;
        for name in names(path)? {
            at = openat(at, name, FOLDER, Mode::empty())?;
        }
        Ok(at)
    }

    /// The same as a folder of its own.
    pub(crate) fn descend(&self, path: &str) -> io::Result<Self> {
        Ok(Self(Arc::new(self.below(path)?)))
    }

    /// The plain file below.
    pub(crate) fn file(&self, path: &str) -> Result<File, OpenError> {
        let (parent, name) = path.rsplit_once('/').unwrap_or(("", path));
        let parent = self.below(parent).map_err(OpenError::Unreadable)?;
        let opened = openat(parent, name, FILE, Mode::empty());
        let file = match opened {
            Ok(descriptor) => File::from(descriptor),
            Err(rustix::io::Errno::LOOP) => return Err(OpenError::NotAFile),
            Err(error) => return Err(OpenError::Unreadable(error.into())),
        };
        let is_file = file.metadata().map_err(OpenError::Unreadable)?.is_file();
        if is_file { Ok(file) } else { Err(OpenError::NotAFile) }
    }
}

/// The names of a path, none of which leads up or nowhere.
fn names(path: &str) -> io::Result<impl Iterator<Item = &str>> {
    let good = path.split('/').all(|name| !matches!(name, "" | "." | "..")) || path.is_empty();
    if !good {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    Ok(path.split('/').filter(|name| !name.is_empty()))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn only_plain_files_in_plain_folders_below_are_opened() {
        let outer = tempfile::tempdir().unwrap();
        let root = outer.path().join("root");
        fs::create_dir_all(root.join("a/b")).unwrap();
        fs::write(root.join("a/b/file"), "x").unwrap();
        fs::write(outer.path().join("secret"), "x").unwrap();
        symlink("../secret", root.join("out")).unwrap();
        symlink("b", root.join("a/link")).unwrap();
        symlink("b/file", root.join("a/inner")).unwrap();
        let folder = Folder::open(&root).unwrap();
        assert!(folder.file("a/b/file").is_ok());
        assert!(folder.descend("a/b").unwrap().file("file").is_ok());
        for path in
            ["out", "../secret", "a/link/file", "a/inner", "a/b", "a//b/file", "./a/b/file", "a/../a/b/file", ""]
        {
            assert!(folder.file(path).is_err(), "{path}");
        }
        symlink(&root, outer.path().join("alias")).unwrap();
        assert!(Folder::open(&outer.path().join("alias")).is_err());
    }
}
