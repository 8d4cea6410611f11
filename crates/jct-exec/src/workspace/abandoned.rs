//! Takes hold of a workspace whose owner is dead.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::folder::{LOCK_FILE, PREFIX};
use crate::process::RunMarker;

/// A workspace without an owner. Holding it keeps others from taking it too.
pub(super) struct Abandoned {
    /// Marks the processes that may have outlived the owner.
    pub(super) marker: RunMarker,
    pub(super) _lock: File,
}

/// Takes hold of the workspace in `folder`; `None` while its owner lives or is just making it.
pub(super) fn take(folder: &Path) -> io::Result<Option<Abandoned>> {
    let mut lock = match OpenOptions::new().read(true).open(folder.join(LOCK_FILE)) {
        // Its owner is just making it, or died while making it: then it is empty and does no harm.
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        other => other?,
    };
    match lock.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Ok(None),
        Err(TryLockError::Error(error)) => return Err(error),
    }
    let mut text = String::new();
    (&mut lock).take(64).read_to_string(&mut text)?;
    // Without a marker its owner died, or has yet to take the lock, before anything could run.
    Ok(RunMarker::parse(&text).map(|marker| Abandoned { marker, _lock: lock }))
}

/// The folders of workspaces in `root`, in no order; none if there is no such folder.
pub(super) fn folders(root: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(root) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        other => other?,
    };
    let mut folders = Vec::new();
    for entry in entries {
        let entry = entry?;
        if entry.file_type()?.is_dir() && entry.file_name().to_string_lossy().starts_with(PREFIX) {
            folders.push(entry.path());
        }
    }
    Ok(folders)
}
