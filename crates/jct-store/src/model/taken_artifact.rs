//! What executors outside the tower leave with a task that they took: files that are kept, and links to elsewhere.

use jct_contract::{ArtifactId, Principal, RunId, Sha256Digest, TaskId, TraceId};
use jct_cwom::ArtifactType;
use jct_lifecycle::Fence;

use crate::ChangeAnswer;

/// Something that the holder of a lease outside the tower leaves with its task.
#[derive(Clone, Debug)]
pub struct NewTakenArtifact {
    /// The task.
    pub task_id: TaskId,
    /// Who has to hold it.
    pub by: Principal,
    /// The fence of the holder's lease, if it sent one.
    pub fence: Option<Fence>,
    /// What it is.
    pub type_: ArtifactType,
    /// What it is called, 1 to 512 characters.
    pub title: String,
    /// Its media type.
    pub media_type: String,
    /// Where it is.
    pub place: TakenPlace,
    /// The trace of the call.
    pub trace_id: TraceId,
}

/// Where such an artifact is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TakenPlace {
    /// Here: its bytes are kept already.
    Kept {
        /// Its name among the files of the task, unique.
        name: String,
        /// Its size in bytes.
        size_bytes: u64,
        /// The digest of its bytes.
        digest: Sha256Digest,
    },
    /// Elsewhere, 1 to 2000 characters.
    Elsewhere {
        /// Where.
        uri: String,
    },
}

/// An artifact that was accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TakenArtifact {
    /// Its id: as a work object if there is a run, and as a file of the task if it is kept.
    pub id: ArtifactId,
    /// The run that it belongs to, if the task has an issue.
    pub run_id: Option<RunId>,
    /// Where it can be had.
    pub uri: String,
}

/// What became of a [`NewTakenArtifact`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TakenArtifactAnswer {
    /// It is accepted, and an event of the task says so.
    Accepted(TakenArtifact),
    /// The same file was left before under this name; nothing was written.
    Repeated(TakenArtifact),
    /// Another file has this name; nothing was written.
    NameTaken,
    /// The files of the task would be larger than they may be; nothing was written.
    OverQuota {
        /// What they amount to without this one, in bytes.
        used_bytes: u64,
    },
    /// The task is not there, or not the asker's to write about: never a change.
    Refused(ChangeAnswer),
}
