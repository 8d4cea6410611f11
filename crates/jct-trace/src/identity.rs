//! Who and what an attempt is: everything that its manifest and events repeat.

use std::collections::BTreeMap;

use jct_contract::{Sha256Digest, TaskId, Timestamp, TraceId};
use jct_lifecycle::Fence;
use serde::{Deserialize, Serialize};

use crate::TemporaryFolder;

/// Identity of one attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttemptIdentity {
    /// The task.
    pub task_id: TaskId,
    /// Ordinal of the attempt, from 1. An ordinal is never used twice.
    pub attempt: u32,
    /// The lease under which the attempt runs.
    pub fence: Fence,
    /// Follows the task through every log line and event.
    pub trace_id: TraceId,
    /// Name of the worker.
    pub worker: String,
    /// Versions of what took part, by component name.
    pub components: BTreeMap<String, String>,
    /// The decision that let the task run, where one is known.
    pub admission: Option<Admission>,
    /// When the attempt began.
    pub started_at: Timestamp,
}

/// The policy decision that admitted the task, so that the folder alone says which policy over which input let it run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Admission {
    /// Id of the decision.
    pub decision_id: String,
    /// Digest of the canonical policy.
    pub policy_digest: Sha256Digest,
    /// Digest of the canonical task.
    pub task_digest: Sha256Digest,
}

impl AttemptIdentity {
    pub(crate) const fn temporary_folder(&self) -> TemporaryFolder {
        TemporaryFolder { task_id: self.task_id, attempt: self.attempt, fence: self.fence }
    }
}
