//! The binary that is re-executed to become the inside of a sandbox.

use std::path::{Path, PathBuf};

/// A binary whose `main` begins with [`main_if_asked`](super::main_if_asked).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Launcher(PathBuf);

impl Launcher {
    /// This very program, even when its file is replaced while it runs.
    pub fn current_exe() -> Self {
        Self("/proc/self/exe".into())
    }

    /// Another program.
    pub fn program(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }
}
