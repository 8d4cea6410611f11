//! The registry of manifests: named entries, versions found by their digest, and what the last run of each came to.

use std::sync::Arc;

use jct_contract::{Principal, TaskId, Timestamp};
use jct_lifecycle::JobStatus;

/// A text for a name, new or known.
#[derive(Clone, Debug)]
pub struct NewManifestVersion {
    /// The name; case counts.
    pub name: String,
    /// The digest of the text: `sha256:` and 64 hexadecimal digits.
    pub hash: String,
    /// The text.
    pub content: Arc<str>,
    /// What the entry must be now.
    pub expect: ManifestExpectation,
    /// Who puts it.
    pub by: Principal,
}

/// What an entry must be for a change to be made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ManifestExpectation {
    /// Anything, or not there.
    #[default]
    Anything,
    /// Not there.
    Absent,
    /// There, with this digest.
    Hash(String),
}

impl ManifestExpectation {
    /// Whether an entry with this digest is what was expected; `None` is one that is not there.
    pub(crate) fn admits(&self, current: Option<&str>) -> bool {
        match self {
            Self::Anything => true,
            Self::Absent => current.is_none(),
            Self::Hash(hash) => current == Some(hash),
        }
    }
}

/// What became of a [`NewManifestVersion`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ManifestPut {
    /// The name was free; one that was deleted goes on with the next version.
    Created(ManifestRecord),
    /// The entry has a new version.
    Changed(ManifestRecord),
    /// The entry has this text already; nothing was written.
    Unchanged(ManifestRecord),
    /// The entry is not what was expected; nothing was written.
    Stale {
        /// The digest that it has; `None` if there is no such entry.
        current: Option<String>,
    },
}

/// An entry of the registry, without its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManifestEntry {
    /// The name.
    pub name: String,
    /// The number of the version in force, from 1.
    pub version: u32,
    /// The digest of the text in force.
    pub hash: String,
    /// Who made the entry.
    pub created_by: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// Who put the text in force.
    pub updated_by: String,
    /// When that was; a run does not touch it.
    pub updated_at: Timestamp,
    /// The last job that was handed in as a run of this entry.
    pub last_run: Option<ManifestRun>,
    /// When a run last left a state.
    pub state_updated_at: Option<Timestamp>,
}

/// An entry of the registry, whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManifestRecord {
    /// The entry.
    pub entry: ManifestEntry,
    /// The text in force.
    pub content: String,
    /// What the last completed run left for the next one.
    pub state: Option<String>,
}

/// A run of an entry, as its job stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ManifestRun {
    /// The job.
    pub job_id: TaskId,
    /// How it stands.
    pub status: JobStatus,
    /// When its first attempt started, if one did.
    pub started_at: Option<Timestamp>,
    /// When it ended, if it did.
    pub finished_at: Option<Timestamp>,
}

/// One version of an entry; it never changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManifestVersionRecord {
    /// Its number, from 1.
    pub version: u32,
    /// The digest of its text. Two versions may have the same.
    pub hash: String,
    /// The size of its text in bytes.
    pub size_bytes: u64,
    /// Who put it.
    pub created_by: String,
    /// When.
    pub created_at: Timestamp,
}

/// What became of a request to delete an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ManifestDelete {
    /// It is gone; its versions and runs are kept.
    Deleted,
    /// There is no such entry.
    NotFound,
    /// Runs of it are not over yet; nothing was written.
    Busy {
        /// Some of those jobs, the oldest first; never none.
        jobs: Vec<TaskId>,
    },
    /// The entry is not what was expected; nothing was written.
    Stale {
        /// The digest that it has.
        current: String,
    },
}

/// A page of a list that is ordered by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedPage<T> {
    /// The entries.
    pub items: Vec<T>,
    /// The name after which the next page begins; absent on the last.
    pub next: Option<String>,
}
