//! What an operator can set about jobs, as plain values.

use jct_lifecycle::RetryPolicy;
use jct_trace::BlobRoot;

/// Where jobs leave their files, and when they are tried again.
#[derive(Clone, Debug, Default)]
pub struct JobOptions {
    /// Where files of jobs lie; `None` if this process keeps none.
    pub artifacts: Option<ArtifactOptions>,
    /// How a job is tried again that failed in a way another attempt may not meet.
    pub retry: RetryPolicy,
}

/// The files of jobs and their limits.
#[derive(Clone, Debug)]
pub struct ArtifactOptions {
    /// The folder.
    pub root: BlobRoot,
    /// The largest file, in bytes.
    pub max_bytes: u64,
    /// What all files of one job may have together, in bytes.
    pub job_quota_bytes: u64,
}
