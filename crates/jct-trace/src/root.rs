//! The trace root: one folder that holds the traces of all tasks.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::Value;

use crate::directory::Directory;
use crate::layout::{UNSEALED_DIR, attempt_path};
use crate::{AttemptIdentity, TraceOptions, TraceWriter};

/// An open trace root. Clones share the same handles.
#[derive(Clone, Debug)]
pub struct TraceRoot(Arc<Shared>);

#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) path: PathBuf,
    /// Kept open for as long as the root is used: a file system reports a failed write-back once to every handle
    /// that was open when it happened, and a later handle would never hear of it.
    pub(crate) root: Directory,
    pub(crate) unsealed: Directory,
    pub(crate) options: TraceOptions,
}

/// An attempt's trace could not be begun.
#[derive(Debug, thiserror::Error)]
pub enum BeginError {
    /// The attempt has a sealed folder already.
    #[error("attempt {attempt} already has a sealed trace folder")]
    AlreadySealed {
        /// Ordinal of the attempt.
        attempt: u32,
    },
    /// The same lease has begun the same attempt already.
    #[error("attempt {attempt} was already begun under the same lease")]
    AlreadyBegun {
        /// Ordinal of the attempt.
        attempt: u32,
    },
    /// The folder cannot be made.
    #[error("cannot make a trace folder")]
    Io(#[from] io::Error),
}

impl TraceRoot {
    /// Opens the root with the default limits, making the folder if there is none.
    ///
    /// # Errors
    /// The folder cannot be made or opened.
    pub fn open(path: &Path) -> io::Result<Self> {
        Self::open_with(path, TraceOptions::default())
    }

    /// Opens the root with chosen limits, making the folder if there is none.
    ///
    /// # Errors
    /// The folder cannot be made or opened.
    pub fn open_with(path: &Path, options: TraceOptions) -> io::Result<Self> {
        std::fs::create_dir_all(path)?;
        let path = path.canonicalize()?;
        let root = Directory::open(&path)?;
        root.new_folder(UNSEALED_DIR)?;
        let unsealed = root.folder(UNSEALED_DIR)?;
        Ok(Self(Arc::new(Shared { path, root, unsealed, options })))
    }

    /// Where the root lies, absolute.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0.path
    }

    /// Begins the trace of an attempt. `input` is the canonical task as it was admitted.
    ///
    /// # Errors
    /// The attempt has a trace already, or the folder cannot be made.
    pub fn begin(&self, identity: AttemptIdentity, input: &Value) -> Result<TraceWriter, BeginError> {
        let attempt = identity.attempt;
        if self.0.root.stat(attempt_path(identity.task_id, attempt))?.is_some() {
            return Err(BeginError::AlreadySealed { attempt });
        }
        let name = identity.temporary_folder().to_string();
        if !self.0.unsealed.new_folder(name.as_str())? {
            return Err(BeginError::AlreadyBegun { attempt });
        }
        let folder = self.0.unsealed.folder(name.as_str()).map_err(io::Error::from)?;
        Ok(TraceWriter::begin(self.clone(), folder, identity, input)?)
    }

    pub(crate) fn shared(&self) -> &Shared {
        &self.0
    }
}
