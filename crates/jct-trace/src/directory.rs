//! A folder as an open handle: everything is named relative to it, and no symbolic link is ever followed.

use std::ffi::{CStr, OsStr};
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;

use rustix::fs::{self, AtFlags, Dir, FileType, Mode, OFlags};
use rustix::io::Errno;
use rustix::path::Arg;

/// Owner writes, group reads: traces are shared with the API by group, and nobody else.
const FOLDER_MODE: Mode = Mode::from_raw_mode(0o750);
const FILE_MODE: Mode = Mode::from_raw_mode(0o640);

/// An open folder.
#[derive(Debug)]
pub(crate) struct Directory(OwnedFd);

impl Directory {
    /// Opens a folder given by a path that the operator chose; links in it are followed.
    pub(crate) fn open(path: &std::path::Path) -> io::Result<Self> {
        Ok(Self(fs::open(path, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?))
    }

    /// Opens the folder `name`, which must not be a link.
    pub(crate) fn folder(&self, name: impl Arg) -> rustix::io::Result<Self> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        fs::openat(&self.0, name, flags, Mode::empty()).map(Self)
    }

    /// Opens the existing file `name` for reading. Does not hang on a pipe, and refuses everything but a file.
    pub(crate) fn file(&self, name: impl Arg) -> io::Result<(File, u64)> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let file = fs::openat(&self.0, name, flags, Mode::empty())?;
        let stat = fs::fstat(&file)?;
        if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "not a file"));
        }
        Ok((file.into(), u64::try_from(stat.st_size).unwrap_or(0)))
    }

    /// Makes the file `name`, which must not exist.
    pub(crate) fn new_file(&self, name: impl Arg) -> io::Result<File> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        Ok(fs::openat(&self.0, name, flags, FILE_MODE)?.into())
    }

    /// Makes the folder `name`; `Ok(false)` if the name is taken.
    pub(crate) fn new_folder(&self, name: impl Arg) -> io::Result<bool> {
        match fs::mkdirat(&self.0, name, FOLDER_MODE) {
            Ok(()) => Ok(true),
            Err(Errno::EXIST) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// What `name` is, without following it; `None` if there is nothing.
    pub(crate) fn stat(&self, name: impl Arg) -> io::Result<Option<fs::Stat>> {
        match fs::statat(&self.0, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => Ok(Some(stat)),
            Err(Errno::NOENT) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    pub(crate) fn unlink(&self, name: impl Arg) -> io::Result<()> {
        ignore_missing(fs::unlinkat(&self.0, name, AtFlags::empty()))
    }

    pub(crate) fn remove_folder(&self, name: impl Arg) -> io::Result<()> {
        ignore_missing(fs::unlinkat(&self.0, name, AtFlags::REMOVEDIR))
    }

    /// The entries, without `.` and `..`, read as they are asked for.
    pub(crate) fn entries(&self) -> io::Result<impl Iterator<Item = io::Result<Name>>> {
        let dir = Dir::read_from(&self.0)?;
        Ok(dir.filter_map(|entry| match entry {
            Ok(entry) => Name::new(entry.file_name()).map(Ok),
            Err(error) => Some(Err(error.into())),
        }))
    }

    pub(crate) fn sync(&self) -> io::Result<()> {
        Ok(fs::fsync(&self.0)?)
    }
}

impl AsFd for Directory {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// Name of one entry of a folder.
pub(crate) struct Name(Vec<u8>);

impl Name {
    fn new(name: &CStr) -> Option<Self> {
        let bytes = name.to_bytes();
        (bytes != b"." && bytes != b"..").then(|| Self(bytes.to_owned()))
    }

    pub(crate) fn as_os_str(&self) -> &OsStr {
        OsStr::from_bytes(&self.0)
    }
}

fn ignore_missing(result: rustix::io::Result<()>) -> io::Result<()> {
    match result {
        Ok(()) | Err(Errno::NOENT) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
