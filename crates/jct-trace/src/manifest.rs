//! The manifest: the file whose digest stands for the whole folder.

use std::collections::BTreeMap;

use jct_contract::{Sha256Digest, TaskId, Timestamp, TraceId};
use jct_lifecycle::Fence;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{Admission, EntryPath};

/// First field of every manifest, so that a folder says what it is.
pub const FORMAT: &str = "jct-trace";
/// Version of the format that this crate writes, and the only one it reads.
pub const FORMAT_VERSION: u32 = 1;

/// Content of `manifest.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Manifest {
    /// Always [`FORMAT`].
    pub format: String,
    /// Version of the format.
    pub format_version: u32,
    /// The task.
    #[serde(deserialize_with = "text")]
    pub task_id: TaskId,
    /// Ordinal of the attempt, from 1.
    pub attempt: u32,
    /// Follows the task through every log line and event.
    pub trace_id: TraceId,
    /// The lease under which the attempt ran.
    #[serde(with = "FenceFields")]
    pub fence: Fence,
    /// Name of the worker.
    pub worker: String,
    /// Versions of what took part, by component name.
    pub components: BTreeMap<String, String>,
    /// The decision that let the task run, where one was known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub admission: Option<Admission>,
    /// When the attempt began.
    pub started_at: Timestamp,
    /// When it ended.
    pub finished_at: Timestamp,
    /// Which of the two `output.json` holds.
    pub outcome: Outcome,
    /// Every other file of the folder, sorted by path.
    pub files: Vec<FileEntry>,
    /// What lay in `artifacts/` and was removed.
    pub refused_artifacts: RefusedArtifacts,
    /// What was not kept because its file was full.
    pub dropped: Dropped,
}

/// Which of the two `output.json` holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// The work was done.
    Result,
    /// The work was not done.
    Error,
}

/// One file of a trace folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct FileEntry {
    /// Path in the folder.
    pub path: EntryPath,
    /// Size in bytes.
    pub size_bytes: u64,
    /// Digest of the content.
    pub digest: Sha256Digest,
}

/// Everything that was removed from `artifacts/` before sealing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RefusedArtifacts {
    /// How many entries; a refused folder counts as one.
    pub count: u64,
    /// The first hundred.
    pub listed: Vec<RefusedArtifact>,
}

impl RefusedArtifacts {
    const MAX_LISTED: usize = 100;

    pub(crate) fn push(&mut self, path: EntryPath, reason: Refusal) {
        self.count += 1;
        if self.listed.len() < Self::MAX_LISTED {
            self.listed.push(RefusedArtifact { path, reason });
        }
    }
}

/// One entry that was removed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RefusedArtifact {
    /// Path in the folder; of an entry whose own path is too long, the path of the folder it lay in.
    pub path: EntryPath,
    /// Why.
    pub reason: Refusal,
}

/// Why an artifact was removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// A symbolic link; links are never followed.
    Symlink,
    /// A pipe with a name.
    Fifo,
    /// A socket.
    Socket,
    /// A block or character device.
    Device,
    /// Deeper than the limit.
    TooDeep,
    /// Beyond the limit of entries.
    TooMany,
    /// Beyond the limit of bytes.
    TooLarge,
    /// Its path is longer than a path may be.
    PathTooLong,
    /// It could not be opened or read, or changed its kind meanwhile.
    Unreadable,
    /// It lay in the trace folder itself, outside `artifacts/`.
    OutsideArtifacts,
}

/// What was not kept because its file was full.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dropped {
    /// Lines missing at the end of `log.txt`.
    pub log_lines: u64,
    /// Lines missing at the end of `events.jsonl`.
    pub events: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FenceFields {
    epoch: i64,
    generation: i64,
}

impl FenceFields {
    fn serialize<S: Serializer>(fence: &Fence, serializer: S) -> Result<S::Ok, S::Error> {
        let Fence { epoch, generation } = *fence;
        Serialize::serialize(&Self { epoch, generation }, serializer)
    }

    fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Fence, D::Error> {
        let Self { epoch, generation } = Deserialize::deserialize(deserializer)?;
        Ok(Fence { epoch, generation })
    }
}

fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<TaskId, D::Error> {
    String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
}
