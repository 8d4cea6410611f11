//! Links beside the attempts that lead to the accepted one.
//!
//! They are a convenience for people: which attempt was accepted is in the database, and nothing reads it from here.
//! So they are not synced, and setting them again after a crash is safe.

use std::io;

use jct_contract::TaskId;
use rustix::fs;
use rustix::io::Errno;

use crate::TraceRoot;
use crate::directory::Directory;
use crate::layout::{INPUT_FILE, LOG_FILE, MANIFEST_FILE, OUTPUT_FILE, attempt_dir};

/// The links could not be set.
#[derive(Debug, thiserror::Error)]
pub enum AcceptError {
    /// There is no sealed folder of that attempt.
    #[error("attempt {attempt} has no sealed trace folder")]
    NotSealed {
        /// Ordinal of the attempt.
        attempt: u32,
    },
    /// A link cannot be made.
    #[error("cannot link to the accepted trace folder")]
    Io(#[from] io::Error),
}

impl TraceRoot {
    /// Points `<task_id>/input.json`, `log.txt` and `output.json` at those of this attempt.
    ///
    /// Call it after the completion of the attempt was accepted. Calling it again changes nothing. Each link changes
    /// at once: a reader sees the old or the new one.
    ///
    /// # Errors
    /// The attempt has no sealed folder, or a link cannot be made.
    pub fn accept(&self, task_id: TaskId, attempt: u32) -> Result<(), AcceptError> {
        let folder = attempt_dir(attempt);
        let task = match self.shared().root.folder(task_id.to_string()) {
            Err(Errno::NOENT) => return Err(AcceptError::NotSealed { attempt }),
            other => other.map_err(io::Error::from)?,
        };
        if task.stat(format!("{folder}/{MANIFEST_FILE}"))?.is_none() {
            return Err(AcceptError::NotSealed { attempt });
        }
        for name in [INPUT_FILE, LOG_FILE, OUTPUT_FILE] {
            link(&task, name, &format!("{folder}/{name}"))?;
        }
        Ok(())
    }
}

fn link(task: &Directory, name: &str, target: &str) -> io::Result<()> {
    match fs::symlinkat(target, task, name) {
        Err(Errno::EXIST) => {}
        other => return Ok(other?),
    }
    // Replacing takes a second name and a rename, or there would be a moment without any link.
    let temporary = format!(".{name}.new");
    task.unlink(temporary.as_str())?;
    fs::symlinkat(target, task, temporary.as_str())?;
    Ok(fs::renameat(task, temporary.as_str(), task, name)?)
}
