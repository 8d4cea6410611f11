//! What is written into a workspace about itself: whose it is, and until when it is kept.

use std::fs;
use std::io;
use std::path::Path;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

const FILE: &str = "workspace.json";
/// More is no note of ours.
const LONGEST: u64 = 64 * 1024;

/// Whose work lies in a workspace. Written before anything of the work can run, so that whoever finds the workspace
/// without an owner knows that there is something to lose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkspaceNote {
    /// The task's id.
    pub task_id: String,
    /// The attempt's ordinal.
    pub attempt: u32,
    /// The attempt's name in the repository cache.
    pub run_key: String,
    /// The repository.
    pub repo: String,
    /// The commit that the work began with.
    pub base_commit: String,
    /// Whether everything in it was handed over.
    pub handed_over: bool,
    /// Why it is kept; `None` while its owner works in it.
    pub kept_because: Option<String>,
    /// Since when it is kept.
    #[serde(default)]
    pub kept_since: Option<Timestamp>,
    /// Until when it is kept; `None` while its owner works in it, and for work that was not handed over.
    pub kept_until: Option<Timestamp>,
}

impl WorkspaceNote {
    /// Whether there may be work in it that nobody else has. It is written before anything can run, so that whatever
    /// was not handed over counts.
    pub fn is_dirty(&self) -> bool {
        !self.handed_over
    }

    /// Reads the note of the workspace in `folder`; `None` when it has none.
    pub(super) fn read(folder: &Path) -> io::Result<Option<Self>> {
        let path = folder.join(FILE);
        let size = match fs::symlink_metadata(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            other => other?.len(),
        };
        if size > LONGEST {
            return Err(io::ErrorKind::InvalidData.into());
        }
        Ok(Some(serde_json::from_slice(&fs::read(path)?)?))
    }

    /// Writes the note whole or not at all.
    pub(super) fn write(&self, folder: &Path) -> io::Result<()> {
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        serde_json::to_writer_pretty(&mut file, self)?;
        file.persist(folder.join(FILE))?;
        Ok(())
    }
}
