//! What an operator may see and do of workspaces. The only way in which work that nobody else has is ever removed.

use std::io;
use std::path::{Component, Path, PathBuf};

use serde::Serialize;

use super::abandoned::{folders, take};
use super::error::WorkspaceError;
use super::folder::PREFIX;
use super::note::WorkspaceNote;
use super::remove::{remove, size};
use crate::process::kill_marked;

/// A workspace as it is found on the disk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FoundWorkspace {
    /// The folder's name, by which it is removed.
    pub name: String,
    /// Where it is.
    pub path: PathBuf,
    /// Whether its owner lives.
    pub in_use: bool,
    /// Whether there may be work in it that nobody else has.
    pub dirty: bool,
    /// What it takes on the disk, in bytes.
    pub bytes: u64,
    /// Whose work it is; `None` when nothing has run in it.
    #[serde(flatten)]
    pub note: Option<WorkspaceNote>,
}

/// Why a workspace is not removed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RemoveError {
    /// There is none of that name.
    #[error("there is no workspace `{0}`")]
    NotFound(String),
    /// Its owner lives.
    #[error("the workspace `{0}` is in use")]
    InUse(String),
    /// It may hold work that nobody else has, and that was not to be removed.
    #[error("the workspace `{0}` holds work that was not handed over")]
    Dirty(String),
    /// It could not be read or removed.
    #[error("failed to remove the workspace `{0}`")]
    Failed(String, #[source] io::Error),
}

/// Every workspace in `root`, by name. Reads, and blocks.
///
/// # Errors
///
/// [`WorkspaceError::Scan`] when `root` exists and cannot be read. A workspace that goes away meanwhile is left out.
pub fn list_workspaces(root: &Path) -> Result<Vec<FoundWorkspace>, WorkspaceError> {
    let folders = folders(root).map_err(WorkspaceError::Scan)?;
    let mut found: Vec<_> = folders.into_iter().filter_map(look).collect();
    found.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(found)
}

fn look(path: PathBuf) -> Option<FoundWorkspace> {
    let name = path.file_name()?.to_string_lossy().into_owned();
    let in_use = matches!(take(&path), Ok(None));
    let note = WorkspaceNote::read(&path);
    // A note that cannot be read says nothing good.
    let dirty = note.as_ref().map_or(true, |note| note.as_ref().is_some_and(WorkspaceNote::is_dirty));
    let bytes = size(&path);
    path.is_dir().then(|| FoundWorkspace { name, path, in_use, dirty, bytes, note: note.ok().flatten() })
}

/// Removes the workspace `name` in `root`, whatever is left running in it first; one with work that nobody else has
/// only if `dirty` says so. Blocks.
///
/// # Errors
///
/// [`RemoveError`].
pub fn remove_workspace(root: &Path, name: &str, dirty: bool) -> Result<(), RemoveError> {
    let failed = |error| RemoveError::Failed(name.to_owned(), error);
    let is_name = matches!(Path::new(name).components().collect::<Vec<_>>().as_slice(), [Component::Normal(_)]);
    let folder = root.join(name);
    let is_folder = folder.symlink_metadata().is_ok_and(|found| found.is_dir());
    if !is_name || !name.starts_with(PREFIX) || !is_folder {
        return Err(RemoveError::NotFound(name.to_owned()));
    }
    let Some(abandoned) = take(&folder).map_err(failed)? else { return Err(RemoveError::InUse(name.to_owned())) };
    let clean = WorkspaceNote::read(&folder).is_ok_and(|note| note.is_none_or(|note| !note.is_dirty()));
    if !clean && !dirty {
        return Err(RemoveError::Dirty(name.to_owned()));
    }
    kill_marked(&abandoned.marker);
    remove(&folder).map_err(failed)
}
