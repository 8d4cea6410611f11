//! What makes a task a job: its type, its place in the order of claims, and the manifest that it runs.

use std::sync::Arc;

use jct_contract::{AffinityKey, Capability, CapabilitySet, JobType, NormalizedTask, Priority};

/// A task as a job, on its way in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobFacts {
    /// What kind of job it is.
    pub job_type: JobType,
    /// How urgent it is; higher goes first.
    pub priority: Priority,
    /// What a worker must have to take it, in the order in which it was named.
    pub capabilities: CapabilitySet,
    /// Jobs with the same key are left to the worker that had the last one, for a while.
    pub affinity_key: Option<AffinityKey>,
    /// The manifest that it runs, if it runs one.
    pub manifest: Option<ManifestUse>,
}

/// The manifest that a job runs: these bytes and no others, whatever becomes of the registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManifestUse {
    /// Its name, as it is written.
    pub name: String,
    /// The digest of its bytes: `sha256:` and 64 hexadecimal digits.
    pub hash: String,
    /// Its text; kept once for each digest.
    pub content: Arc<str>,
    /// Whether it is the registry's: then the entry shows this job as its last run.
    pub from_registry: bool,
}

/// A kept task as a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobRecordFacts {
    /// What kind of job it is.
    pub job_type: JobType,
    /// How urgent it is; higher goes first.
    pub priority: Priority,
    /// What a worker must have to take it, in the order in which it was named.
    pub capabilities: CapabilitySet,
    /// Jobs with the same key are left to the worker that had the last one, for a while.
    pub affinity_key: Option<AffinityKey>,
}

/// Which manifest a kept job runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobManifest {
    /// Its name.
    pub name: String,
    /// The digest of its bytes.
    pub hash: String,
    /// Whether it was taken from the registry.
    pub from_registry: bool,
}

/// The manifest that a claimed job runs, whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimedManifest {
    /// Its name.
    pub name: String,
    /// The digest of its bytes.
    pub hash: String,
    /// Its text.
    pub content: String,
    /// What the last completed run of the registry's entry left for the next one; `None` for a manifest that did not come
    /// from the registry.
    pub state: Option<String>,
}

impl JobFacts {
    /// A task of the V1 contract that says nothing about itself as a job: it needs its executor and is of normal urgency.
    #[must_use]
    pub fn of_task(task: &NormalizedTask) -> Self {
        Self {
            job_type: JobType::Task,
            priority: Priority::default(),
            capabilities: needed_by(task),
            affinity_key: None,
            manifest: None,
        }
    }

    /// The same as it is read back.
    #[must_use]
    pub fn record(&self) -> JobRecordFacts {
        let Self { job_type, priority, capabilities, affinity_key, manifest: _ } = self.clone();
        JobRecordFacts { job_type, priority, capabilities, affinity_key }
    }
}

/// What a task needs that names nothing: its executor.
pub(crate) fn needed_by(task: &NormalizedTask) -> CapabilitySet {
    CapabilitySet::from_iter([Capability::from(&task.executor())])
}
