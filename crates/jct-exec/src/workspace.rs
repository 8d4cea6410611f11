//! The private folder of one attempt: a checkout, a home, a place for temporary files.
//!
//! A worker that is killed leaves its folders and the processes in them behind. So each workspace
//! holds a locked file with the marker of its processes: when the lock can be taken, the owner is
//! dead, and [`recover_workspaces`] ends the processes and removes the folder.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::executor::{FailureReason, Stop, with_causes};
use crate::process::{RunMarker, kill_marked};

const LOCK_FILE: &str = "owner.lock";
const PREFIX: &str = "ws-";

/// Why there is no workspace, or it is still there.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WorkspaceError {
    /// It could not be made.
    #[error("failed to make a workspace")]
    Create(#[source] io::Error),
    /// It could not be removed.
    #[error("failed to remove a workspace")]
    Remove(#[source] io::Error),
    /// The folder of all workspaces could not be read.
    #[error("failed to look for abandoned workspaces")]
    Scan(#[source] io::Error),
}

/// A folder of mode 0700, removed with everything in it by [`Workspace::close`] or on drop.
#[derive(Debug)]
pub struct Workspace {
    folder: PathBuf,
    marker: RunMarker,
    /// Held as long as the workspace lives.
    _lock: File,
    removed: bool,
}

impl Workspace {
    /// Makes a workspace in `root`, which is made too when it is missing.
    ///
    /// # Errors
    ///
    /// [`WorkspaceError::Create`].
    pub fn create(root: &Path) -> Result<Self, WorkspaceError> {
        Self::try_create(root).map_err(WorkspaceError::Create)
    }

    /// [`Workspace::create`] on a blocking thread.
    pub(crate) async fn create_async(root: &Path) -> Result<Self, Stop> {
        let root = root.to_owned();
        let created = tokio::task::spawn_blocking(move || Self::create(&root)).await;
        created
            .map_err(|error| WorkspaceError::Create(io::Error::other(error)))
            .flatten()
            .map_err(|error| Stop::failed(FailureReason::WorkspaceFailed, with_causes(&error)))
    }

    fn try_create(root: &Path) -> io::Result<Self> {
        fs::create_dir_all(root)?;
        let folder = tempfile::Builder::new()
            .prefix(PREFIX)
            .permissions(fs::Permissions::from_mode(0o700))
            .tempdir_in(fs::canonicalize(root)?)
            // The error as given names the folder, which is nobody's business but the operator's.
            .map_err(|error| io::Error::from(error.kind()))?
            .keep();
        let marker = RunMarker::random();
        let mut lock = File::create_new(folder.join(LOCK_FILE))?;
        lock.lock()?;
        lock.write_all(marker.as_str().as_bytes())?;
        let workspace = Self { folder, marker, _lock: lock, removed: false };
        for part in [workspace.home(), workspace.temporary(), workspace.checkout()] {
            fs::create_dir(part)?;
        }
        Ok(workspace)
    }

    /// Where the repository goes; empty at first.
    pub fn checkout(&self) -> PathBuf {
        self.folder.join("repo")
    }

    /// `HOME` of what runs here; empty at first.
    pub fn home(&self) -> PathBuf {
        self.folder.join("home")
    }

    /// `TMPDIR` of what runs here; empty at first.
    pub fn temporary(&self) -> PathBuf {
        self.folder.join("tmp")
    }

    /// Marks the processes that belong here.
    pub fn marker(&self) -> &RunMarker {
        &self.marker
    }

    /// Removes the workspace.
    ///
    /// # Errors
    ///
    /// [`WorkspaceError::Remove`]; the folder is then left to [`recover_workspaces`].
    pub async fn close(mut self) -> Result<(), WorkspaceError> {
        self.removed = true;
        let folder = self.folder.clone();
        tokio::task::spawn_blocking(move || remove(&folder))
            .await
            .map_err(io::Error::other)
            .flatten()
            .map_err(WorkspaceError::Remove)
    }
}

impl Drop for Workspace {
    fn drop(&mut self) {
        if !self.removed
            && let Err(error) = remove(&self.folder)
        {
            log::warn!(error:% = error; "a workspace could not be removed");
        }
    }
}

/// What [`recover_workspaces`] found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RecoveredWorkspaces {
    /// Folders removed.
    pub removed: usize,
    /// Processes killed.
    pub killed: usize,
}

/// Ends what workers that died have left in `root`: their processes and their workspaces. Meant for
/// a worker's start; workspaces of living workers are not touched.
///
/// # Errors
///
/// [`WorkspaceError::Scan`] when `root` exists and cannot be read. A workspace that cannot be removed
/// is logged and left.
pub async fn recover_workspaces(root: &Path) -> Result<RecoveredWorkspaces, WorkspaceError> {
    let root = root.to_owned();
    tokio::task::spawn_blocking(move || recover(&root))
        .await
        .map_err(io::Error::other)
        .flatten()
        .map_err(WorkspaceError::Scan)
}

fn recover(root: &Path) -> io::Result<RecoveredWorkspaces> {
    let entries = match fs::read_dir(root) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Ok(RecoveredWorkspaces::default());
        }
        other => other?,
    };
    let mut recovered = RecoveredWorkspaces::default();
    for entry in entries {
        let entry = entry?;
        if !entry.file_type()?.is_dir() || !entry.file_name().to_string_lossy().starts_with(PREFIX) {
            continue;
        }
        match recover_one(&entry.path()) {
            Ok(None) => {}
            Ok(Some(killed)) => {
                recovered.removed += 1;
                recovered.killed += killed;
            }
            Err(error) => {
                log::warn!(error:% = error; "an abandoned workspace could not be removed")
            }
        }
    }
    Ok(recovered)
}

/// `None` when the workspace has a living owner.
fn recover_one(folder: &Path) -> io::Result<Option<usize>> {
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
    let Some(marker) = RunMarker::parse(&text) else {
        return Ok(None);
    };
    let killed = kill_marked(&marker);
    remove(folder)?;
    Ok(Some(killed))
}

/// Removes a workspace, its lock file last: what is left when that fails can still be recovered.
fn remove(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            remove_part(&entry.path())?;
        }
    }
    fs::remove_dir_all(folder)
}

/// Removes a folder in which a command may have taken its own rights away.
fn remove_part(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            make_writable(folder)?;
            fs::remove_dir_all(folder)
        }
        other => other,
    }
}

fn make_writable(folder: &Path) -> io::Result<()> {
    fs::set_permissions(folder, fs::Permissions::from_mode(0o700))?;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            make_writable(&entry.path())?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_living_owner_keeps_its_workspace() {
        let root = tempfile::tempdir().unwrap();
        let workspace = Workspace::create(root.path()).unwrap();
        assert_eq!(recover_workspaces(root.path()).await.unwrap(), RecoveredWorkspaces::default());
        assert!(workspace.home().is_dir());
        workspace.close().await.unwrap();
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 0);
    }

    #[tokio::test]
    async fn a_dead_owners_workspace_goes_even_when_read_only() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("ws-dead");
        let locked = folder.join("repo/locked");
        fs::create_dir_all(&locked).unwrap();
        fs::write(locked.join("file"), "").unwrap();
        fs::set_permissions(&locked, fs::Permissions::from_mode(0o500)).unwrap();
        fs::write(folder.join(LOCK_FILE), RunMarker::random().as_str()).unwrap();
        let recovered = recover_workspaces(root.path()).await.unwrap();
        assert_eq!(recovered, RecoveredWorkspaces { removed: 1, killed: 0 });
        assert!(!folder.exists());
    }

    #[tokio::test]
    async fn what_is_no_workspace_stays() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join("other")).unwrap();
        fs::create_dir(root.path().join("ws-unmarked")).unwrap();
        fs::write(root.path().join("ws-unmarked").join(LOCK_FILE), "").unwrap();
        assert_eq!(recover_workspaces(root.path()).await.unwrap().removed, 0);
        assert_eq!(recover_workspaces(&root.path().join("none")).await.unwrap().removed, 0);
        assert!(root.path().join("other").exists());
    }
}
