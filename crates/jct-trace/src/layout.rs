//! Names: where everything of an attempt lies below the trace root.

use std::fmt;
use std::str::FromStr;

use jct_contract::TaskId;
use jct_lifecycle::Fence;

/// The task as it was handed to the attempt.
pub const INPUT_FILE: &str = "input.json";
/// What the attempt printed, line by line.
pub const LOG_FILE: &str = "log.txt";
/// What came of it: a result or an error.
pub const OUTPUT_FILE: &str = "output.json";
/// What happened, one JSON object a line.
pub const EVENTS_FILE: &str = "events.jsonl";
/// Sizes and digests of all other files; its own digest stands for the whole folder.
pub const MANIFEST_FILE: &str = "manifest.json";
/// Files left by the executor.
pub const ARTIFACTS_DIR: &str = "artifacts";

/// Folder of the folders that are not sealed yet, beside those of the tasks. It lies apart so that finding what a
/// crash left costs what was left, not a walk over every task there ever was.
pub(crate) const UNSEALED_DIR: &str = ".unsealed";

/// Sealed folder of an attempt, relative to the trace root: `<task_id>/attempt-<n>`.
#[must_use]
pub fn attempt_path(task_id: TaskId, attempt: u32) -> String {
    format!("{task_id}/{}", attempt_dir(attempt))
}

pub(crate) fn attempt_dir(attempt: u32) -> String {
    format!("attempt-{attempt}")
}

/// Identity in the name of a folder that is not sealed yet: `<task_id>.attempt-<n>.<epoch>.<generation>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TemporaryFolder {
    /// The task.
    pub task_id: TaskId,
    /// Ordinal of the attempt, from 1.
    pub attempt: u32,
    /// The lease under which it is written.
    pub fence: Fence,
}

impl fmt::Display for TemporaryFolder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.task_id, attempt_dir(self.attempt), self.fence)
    }
}

/// The text names no folder of this crate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the name of a temporary trace folder")]
pub struct InvalidTemporaryFolder;

impl FromStr for TemporaryFolder {
    type Err = InvalidTemporaryFolder;

    fn from_str(text: &str) -> Result<Self, InvalidTemporaryFolder> {
        let (task_id, rest) = text.split_once(".attempt-").ok_or(InvalidTemporaryFolder)?;
        let (attempt, fence) = rest.split_once('.').ok_or(InvalidTemporaryFolder)?;
        let folder = Self {
            task_id: task_id.parse().map_err(|_| InvalidTemporaryFolder)?,
            attempt: attempt.parse().map_err(|_| InvalidTemporaryFolder)?,
            fence: fence.parse().map_err(|_| InvalidTemporaryFolder)?,
        };
        // Only the canonical spelling, so that one attempt has one name.
        if folder.to_string() == text { Ok(folder) } else { Err(InvalidTemporaryFolder) }
    }
}

#[cfg(test)]
mod tests {
    use jct_contract::Timestamp;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn temporary_names_read_back(attempt in 1u32.., epoch in 1i64.., generation in 1i64..) {
            let task_id = TaskId::at(Timestamp::from_micros(1_700_000_000_000_000));
            let folder = TemporaryFolder { task_id, attempt, fence: Fence { epoch, generation } };
            prop_assert_eq!(folder.to_string().parse(), Ok(folder));
        }

        #[test]
        fn no_other_name_is_read(text in "\\PC{0,80}") {
            prop_assert_eq!(text.parse::<TemporaryFolder>(), Err(InvalidTemporaryFolder));
        }
    }
}
