//! A task on its way in, and what the store answers.

use jct_contract::{Principal, TaskId, Timestamp, TraceId};
use jct_cwom::task::TaskIds;
use jct_policy::AdmittedTask;

use super::{JobFacts, NewEvent, NewTaskObjects};

/// An admitted task with everything the store must know to keep it.
#[derive(Clone, Debug)]
pub struct NewTask {
    /// The task as the gate let it in.
    pub admitted: AdmittedTask,
    /// The canonical text of the policy that let it in.
    pub policy_canonical: std::sync::Arc<str>,
    /// Follows the task through every log line, event and trace.
    pub trace_id: TraceId,
    /// Who was authenticated when the task was handed in.
    pub submitter: Principal,
    /// Keep the task `pending` until somebody releases it.
    pub hold: bool,
    /// Attempts the task gets in all, at least 1.
    pub max_attempts: u32,
    /// The work objects created with it, if any.
    pub objects: Option<Box<NewTaskObjects>>,
    /// What it is as a job; [`JobFacts::of_task`] for a task that says nothing about it.
    pub job: JobFacts,
    /// What its events begin with, behind the one that tells of its creation.
    pub events: Vec<NewEvent>,
}

/// What became of a [`NewTask`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Enqueued {
    /// The task is durable.
    Created {
        /// Its id.
        task_id: TaskId,
        /// Its creation time.
        created_at: Timestamp,
        /// The work objects that were created with it.
        objects: Option<TaskIds>,
    },
    /// The idempotency key and the task were seen before; nothing was written.
    Replayed {
        /// The task that already exists.
        task_id: TaskId,
    },
    /// The idempotency key belongs to a different task; nothing was written.
    KeyReused {
        /// The task the key belongs to.
        task_id: TaskId,
    },
    /// The manifest was to come from the registry and is not there any more; nothing was written.
    ManifestGone,
}
