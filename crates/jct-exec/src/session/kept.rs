//! What was taken over of the files that work left to be kept, and what was not.

use serde::Serialize;

/// How much is taken over of the files that work leaves in its output folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutputLimits {
    /// Files.
    pub files: u32,
    /// Size of one file, in bytes.
    pub file_bytes: u64,
    /// Size of all files together, in bytes.
    pub total_bytes: u64,
}

impl Default for OutputLimits {
    fn default() -> Self {
        Self { files: 1000, file_bytes: 64 << 20, total_bytes: 256 << 20 }
    }
}

/// What became of the output folder.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct KeptFiles {
    /// How many files were taken over.
    pub files: u32,
    /// Their size, in bytes.
    pub bytes: u64,
    /// How many entries were not; a folder that was not looked into is one.
    pub refused: u32,
    /// The first hundred of them.
    pub refusals: Vec<RefusedFile>,
}

impl KeptFiles {
    const MOST_LISTED: usize = 100;

    pub(super) fn refuse(&mut self, path: String, reason: FileRefusal) {
        self.refused = self.refused.saturating_add(1);
        if self.refusals.len() < Self::MOST_LISTED {
            self.refusals.push(RefusedFile { path, reason });
        }
    }

    /// Whether the folder was empty.
    pub fn is_empty(&self) -> bool {
        self.files == 0 && self.refused == 0
    }
}

/// One entry that was not taken over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RefusedFile {
    /// Its path below the output folder, `""` for the folder itself; what cannot be shown is escaped.
    pub path: String,
    /// Why.
    pub reason: FileRefusal,
}

/// Why a file that work left was not taken over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum FileRefusal {
    /// A symbolic link; links are never followed.
    #[error("it is a symbolic link")]
    Symlink,
    /// A pipe, a socket or a device.
    #[error("it is neither a file nor a folder")]
    Special,
    /// Its name is no text, holds control characters, or makes a path that is too long.
    #[error("its name is not accepted")]
    InvalidName,
    /// Its name is one that the tower itself uses.
    #[error("its name is reserved")]
    ReservedName,
    /// It lies too deep.
    #[error("it lies too deep")]
    TooDeep,
    /// It is larger than one file may be.
    #[error("it is larger than a file may be")]
    TooLarge,
    /// It came after as many files as there may be.
    #[error("there are too many files")]
    TooMany,
    /// There is no room left for it beside the files before it.
    #[error("all files together are larger than they may be")]
    NoRoom,
    /// It could not be opened.
    #[error("it cannot be read")]
    Unreadable,
}
