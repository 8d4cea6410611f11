//! Files that workers hand in with a job: known by name and digest here, kept as bytes elsewhere.

use jct_contract::{JobArtifactId, Sha256Digest, TaskId, Timestamp, WorkerId};
use jct_lifecycle::{Fence, LeaseRef};

/// A file whose bytes are kept already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewJobArtifact {
    /// The lease under which it is handed in.
    pub lease: LeaseRef,
    /// Who has the lease; another worker's lease counts for nothing.
    pub worker_id: WorkerId,
    /// Its name, unique within the job.
    pub name: String,
    /// What it is, as a media type.
    pub content_type: String,
    /// Its size in bytes.
    pub size_bytes: u64,
    /// The digest of its bytes.
    pub digest: Sha256Digest,
}

/// A kept file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobArtifactRecord {
    /// Its id.
    pub id: JobArtifactId,
    /// The job it belongs to.
    pub task_id: TaskId,
    /// The attempt that handed it in, from 1.
    pub attempt: u32,
    /// The worker that handed it in; absent if somebody outside the tower did.
    pub worker_id: Option<WorkerId>,
    /// The principal outside the tower that handed it in; absent if a worker did.
    pub principal: Option<String>,
    /// Its name, unique within the job.
    pub name: String,
    /// What it is, as a media type.
    pub content_type: String,
    /// Its size in bytes.
    pub size_bytes: u64,
    /// The digest of its bytes.
    pub digest: Sha256Digest,
    /// When it was handed in.
    pub created_at: Timestamp,
}

/// What became of a [`NewJobArtifact`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JobArtifactAnswer {
    /// It is kept, and an event of the job says so.
    Kept(JobArtifactRecord),
    /// The same file was handed in before under this name; nothing was written.
    Repeated(JobArtifactRecord),
    /// Another file has this name; nothing was written.
    NameTaken,
    /// The files of the job would be larger than they may be; nothing was written.
    OverQuota {
        /// What they amount to without this one, in bytes.
        used_bytes: u64,
    },
    /// The lease is gone or somebody else's; nothing was written, the refusal is in the audit log.
    Stale {
        /// The fence of the living lease, if there is one.
        current: Option<Fence>,
    },
}
