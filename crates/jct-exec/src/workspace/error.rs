//! What can go wrong with a workspace.

use std::io;

/// Why there is no workspace, or it is still there.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WorkspaceError {
    /// It could not be made.
    #[error("failed to make a workspace")]
    Create(#[source] io::Error),
    /// What it is kept for could not be written down.
    #[error("failed to note what a workspace is kept for")]
    Note(#[source] io::Error),
    /// It could not be removed.
    #[error("failed to remove a workspace")]
    Remove(#[source] io::Error),
    /// The folder of all workspaces could not be read.
    #[error("failed to look for abandoned workspaces")]
    Scan(#[source] io::Error),
}
