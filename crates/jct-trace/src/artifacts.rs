//! Takes stock of what an executor left: every regular file within the limits is hashed, everything else is removed
//! and recorded.
//!
//! The content is hostile. Links are not followed, pipes are not waited for, devices are not opened, and names,
//! depth, number and size are whatever the executor liked.

use std::ffi::OsStr;
use std::io;

use rustix::fs::{self, FileType, Mode, Stat};

use crate::directory::Directory;
use crate::hashed_file::digest_of;
use crate::layout::{ARTIFACTS_DIR, EVENTS_FILE, INPUT_FILE, LOG_FILE, OUTPUT_FILE};
use crate::manifest::Refusal;
use crate::remove::{open_writable, remove};
use crate::{ArtifactLimits, EntryPath, FileEntry, RefusedArtifacts};

/// What an executor left.
#[derive(Debug, Default)]
pub(crate) struct Harvest {
    pub(crate) files: Vec<FileEntry>,
    pub(crate) refused: RefusedArtifacts,
    entries: u32,
    total_bytes: u64,
}

impl Harvest {
    /// Takes stock of a whole trace folder: what lies outside `artifacts/` and is not the tower's is refused too.
    pub(crate) fn take(folder: &Directory, limits: &ArtifactLimits) -> io::Result<Self> {
        let mut harvest = Self::default();
        for name in folder.entries()? {
            let name = name?;
            let name = name.as_os_str();
            if [INPUT_FILE, LOG_FILE, EVENTS_FILE, OUTPUT_FILE, ARTIFACTS_DIR].iter().all(|known| name != *known) {
                remove(folder, name)?;
                harvest.refused.push(EntryPath::top(name), Refusal::OutsideArtifacts);
            }
        }
        let root = EntryPath::plain(ARTIFACTS_DIR);
        match folder.stat(ARTIFACTS_DIR)? {
            Some(stat) if kind_of(&stat) == FileType::Directory => {
                let artifacts = open_writable(folder, OsStr::new(ARTIFACTS_DIR))?;
                harvest.walk(&artifacts, &root, 1, limits)?;
            }
            Some(stat) => {
                remove(folder, OsStr::new(ARTIFACTS_DIR))?;
                harvest.refused.push(root, refusal_of(kind_of(&stat)));
            }
            None => {}
        }
        Ok(harvest)
    }

    fn walk(&mut self, folder: &Directory, path: &EntryPath, depth: u32, limits: &ArtifactLimits) -> io::Result<()> {
        for name in folder.entries()? {
            let name = name?;
            let name = name.as_os_str();
            let Some(stat) = folder.stat(name)? else {
                continue;
            };
            let Some(child) = path.child(name) else {
                remove(folder, name)?;
                self.refused.push(path.clone(), Refusal::PathTooLong);
                continue;
            };
            if let Err(reason) = self.entry(folder, name, &child, &stat, depth, limits)? {
                remove(folder, name)?;
                self.refused.push(child, reason);
            }
        }
        Ok(())
    }

    /// Keeps one entry, or says why it cannot be kept.
    fn entry(
        &mut self,
        folder: &Directory,
        name: &OsStr,
        path: &EntryPath,
        stat: &Stat,
        depth: u32,
        limits: &ArtifactLimits,
    ) -> io::Result<Result<(), Refusal>> {
        let kind = kind_of(stat);
        if !matches!(kind, FileType::RegularFile | FileType::Directory) {
            return Ok(Err(refusal_of(kind)));
        }
        if self.entries >= limits.max_entries {
            return Ok(Err(Refusal::TooMany));
        }
        if depth > limits.max_depth {
            return Ok(Err(Refusal::TooDeep));
        }
        self.entries += 1;
        if kind == FileType::Directory {
            let Ok(below) = open_writable(folder, name) else {
                return Ok(Err(Refusal::Unreadable));
            };
            return self.walk(&below, path, depth + 1, limits).map(Ok);
        }
        let room = limits.max_total_bytes - self.total_bytes;
        if u64::try_from(stat.st_size).unwrap_or(u64::MAX) > room {
            return Ok(Err(Refusal::TooLarge));
        }
        Ok(self.hash(folder, name, path, room))
    }

    fn hash(&mut self, folder: &Directory, name: &OsStr, path: &EntryPath, room: u64) -> Result<(), Refusal> {
        // What the executor made unreadable is made readable: it belongs to the same user.
        let opened = folder.file(name).or_else(|error| match error.kind() {
            io::ErrorKind::PermissionDenied => {
                fs::chmodat(folder, name, Mode::RUSR | Mode::WUSR, fs::AtFlags::empty())?;
                folder.file(name)
            }
            _ => Err(error),
        });
        let (file, _) = opened.map_err(|_| Refusal::Unreadable)?;
        let (size_bytes, digest) = digest_of(file, room).map_err(|_| Refusal::Unreadable)?.ok_or(Refusal::TooLarge)?;
        self.total_bytes += size_bytes;
        self.files.push(FileEntry { path: path.clone(), size_bytes, digest });
        Ok(())
    }
}

fn kind_of(stat: &Stat) -> FileType {
    FileType::from_raw_mode(stat.st_mode)
}

fn refusal_of(kind: FileType) -> Refusal {
    match kind {
        FileType::Symlink => Refusal::Symlink,
        FileType::Fifo => Refusal::Fifo,
        FileType::Socket => Refusal::Socket,
        FileType::CharacterDevice | FileType::BlockDevice => Refusal::Device,
        FileType::RegularFile | FileType::Directory | FileType::Unknown => Refusal::Unreadable,
    }
}
