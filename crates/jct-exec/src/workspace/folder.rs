//! One workspace, held by its owner.

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;

use super::error::WorkspaceError;
use super::note::WorkspaceNote;
use super::remove::remove;
use crate::executor::{FailureReason, Stop, with_causes};
use crate::process::RunMarker;

pub(super) const LOCK_FILE: &str = "owner.lock";
pub(super) const PREFIX: &str = "ws-";

/// A folder of mode 0700. Removed with everything in it by [`Workspace::close`] or on drop, unless there is something in
/// it to lose.
#[derive(Debug)]
pub struct Workspace {
    folder: PathBuf,
    marker: RunMarker,
    /// Held as long as the workspace lives.
    _lock: File,
    ended: bool,
    /// What becomes of it when it is dropped: kept that long, if there is a note.
    kept: Option<(WorkspaceNote, Duration)>,
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
        let workspace = Self { folder, marker, _lock: lock, ended: false, kept: None };
        for part in [workspace.work(), workspace.home(), workspace.temporary(), workspace.checkout(), workspace.out()] {
            fs::create_dir(part)?;
        }
        Ok(workspace)
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// All that a command may write; what it says below is the command's own business.
    pub fn work(&self) -> PathBuf {
        self.folder.join("work")
    }

    /// Where the repository goes; empty at first.
    pub fn checkout(&self) -> PathBuf {
        self.work().join("repo")
    }

    /// `HOME` of what runs here; empty at first.
    pub fn home(&self) -> PathBuf {
        self.work().join("home")
    }

    /// `TMPDIR` of what runs here; empty at first.
    pub fn temporary(&self) -> PathBuf {
        self.work().join("tmp")
    }

    /// Where work is put to be handed over; empty at first.
    pub fn out(&self) -> PathBuf {
        self.work().join("out")
    }

    /// Marks the processes that belong here.
    pub fn marker(&self) -> &RunMarker {
        &self.marker
    }

    /// From now on there is something to lose: unless it is closed, the workspace is kept for `keep`. With none at all,
    /// nothing changes.
    pub(crate) async fn in_use(&mut self, note: WorkspaceNote, keep: Duration) -> Result<(), WorkspaceError> {
        if keep.is_zero() {
            return Ok(());
        }
        write(&note, &self.folder).await?;
        self.kept = Some((note, keep));
        Ok(())
    }

    /// Whether there is something in it to lose.
    pub(crate) fn holds_work(&self) -> bool {
        self.kept.is_some()
    }

    /// Everything in it was handed over.
    pub(crate) async fn handed_over(&mut self) -> Result<(), WorkspaceError> {
        if let Some((note, _)) = &mut self.kept {
            note.handed_over = true;
            write(note, &self.folder).await?;
        }
        Ok(())
    }

    /// Gives it free but leaves it there, to be looked at. One without anything to lose is removed.
    ///
    /// # Errors
    ///
    /// [`WorkspaceError`].
    pub(crate) async fn keep(mut self, because: &str) -> Result<(), WorkspaceError> {
        let Some((note, keep)) = self.kept.take() else { return self.close().await };
        self.ended = true;
        write(&kept(note, keep, because), &self.folder).await
    }

    /// Removes the workspace.
    ///
    /// # Errors
    ///
    /// [`WorkspaceError::Remove`]; the folder is then left to [`super::sweep_workspaces`].
    pub async fn close(mut self) -> Result<(), WorkspaceError> {
        self.ended = true;
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
        if self.ended {
            return;
        }
        let done = match self.kept.take() {
            Some((note, keep)) => kept(note, keep, "the work on it was broken off").write(&self.folder),
            None => remove(&self.folder),
        };
        if let Err(error) = done {
            log::warn!(error:% = error; "a workspace could not be removed");
        }
    }
}

pub(super) fn kept(note: WorkspaceNote, keep: Duration, because: &str) -> WorkspaceNote {
    let now = Timestamp::now();
    let until = now.checked_add(keep).unwrap_or(Timestamp::MAX);
    // Work that nobody else has is kept until somebody says otherwise.
    let until = (!note.is_dirty()).then_some(until);
    WorkspaceNote { kept_because: Some(because.to_owned()), kept_since: Some(now), kept_until: until, ..note }
}

async fn write(note: &WorkspaceNote, folder: &Path) -> Result<(), WorkspaceError> {
    let (note, folder) = (note.clone(), folder.to_owned());
    let written = tokio::task::spawn_blocking(move || note.write(&folder)).await;
    written.map_err(io::Error::other).flatten().map_err(WorkspaceError::Note)
}
