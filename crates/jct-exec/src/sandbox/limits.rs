//! What one run may use, and which of it ran out.

use std::fmt;

use serde::{Deserialize, Serialize};

const MIB: u64 = 1024 * 1024;

/// What one run may use at most, its whole process tree together unless said otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Memory of all processes, in bytes.
    pub memory_bytes: u64,
    /// Processes and threads at once.
    pub processes: u32,
    /// The largest file that may be written, in bytes.
    pub file_bytes: u64,
    /// All files in the writable folders together, in bytes; those that were there before count too. Looked at while
    /// the run goes on, so it can be more for a moment.
    pub disk_bytes: u64,
    /// Files that one process may have open.
    pub open_files: u32,
    /// Processor time of one process, in seconds; `None` leaves it to the time budget.
    pub cpu_seconds: Option<u64>,
    /// Output after which a run is ended, in bytes. What is kept of the output has a limit of its own, far
    /// lower, at which a run goes on.
    pub output_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            memory_bytes: 4096 * MIB,
            processes: 1024,
            file_bytes: 2048 * MIB,
            disk_bytes: 20 * 1024 * MIB,
            open_files: 4096,
            cpu_seconds: None,
            output_bytes: 640 * MIB,
        }
    }
}

/// The limit that ended a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Limit {
    /// [`Limits::memory_bytes`].
    Memory,
    /// [`Limits::processes`].
    Processes,
    /// [`Limits::file_bytes`].
    FileSize,
    /// [`Limits::disk_bytes`].
    Disk,
    /// [`Limits::cpu_seconds`].
    CpuTime,
    /// [`Limits::output_bytes`].
    Output,
}

impl Limit {
    /// The name in outputs and logs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Processes => "processes",
            Self::FileSize => "file_size",
            Self::Disk => "disk",
            Self::CpuTime => "cpu_time",
            Self::Output => "output",
        }
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
