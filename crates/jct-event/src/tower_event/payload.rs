//! The data of the tower's own events. Each is small: who wants more asks for the object that it names.

use std::fmt;
use std::str::FromStr;

use jct_contract::{
    EvidencePackId, IssueId, RunId, Sha256Digest, TaskId, Timestamp, WebhookId, WorkerId, WorkflowId, WorkflowRunId,
};
use jct_lifecycle::{ReasonCode, TaskStatus};
use serde::Serialize;

/// A task went from one status to another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TaskStateChanged {
    /// Which task.
    pub task_id: TaskId,
    /// Its repository, in the one spelling.
    pub repo: String,
    /// Where it was; `None` for a task that was just admitted.
    pub from: Option<TaskStatus>,
    /// Where it is.
    pub to: TaskStatus,
    /// Which attempt it was about, from 1; 0 before the first.
    pub attempt: u32,
    /// Why it ended, if it did.
    pub reason: Option<ReasonCode>,
}

/// A run is finished and somebody has to look at it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReviewDue {
    /// The run.
    pub run_id: RunId,
    /// What was found out about it.
    pub evidence_pack_id: EvidencePackId,
    /// What it was done for.
    pub issue_id: IssueId,
}

/// A worker has not been heard of for longer than its leases last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WorkerLost {
    /// The worker, in this one life of its process.
    pub worker_id: WorkerId,
    /// Its name.
    pub name: String,
    /// When it was last heard of.
    pub last_seen: Timestamp,
    /// How many leases it still has: those that ran out by now are not among them.
    pub leases: u32,
}

/// A budget is nearly used up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BudgetNear {
    /// Whose budget: a repository, a principal, the whole tower.
    pub scope: String,
    /// What is counted, such as `seconds` or `tasks`.
    pub unit: String,
    /// How much is used.
    pub used: u64,
    /// How much there is.
    pub limit: u64,
}

/// The audit log was sealed up to an entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CheckpointSealed {
    /// Entries below the checkpoint.
    pub tree_size: u64,
    /// The root over them.
    pub root: Sha256Digest,
}

/// A run of a workflow went from one status to another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WorkflowRunChanged {
    /// The workflow.
    pub workflow_id: WorkflowId,
    /// Its name.
    pub workflow: String,
    /// The version that runs, from 1.
    pub version: u32,
    /// The run.
    pub run_id: WorkflowRunId,
    /// Where it was; `None` for a run that just began.
    pub from: Option<WorkflowRunStatus>,
    /// Where it is.
    pub to: WorkflowRunStatus,
}

/// Somebody wants to see whether a webhook works.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WebhookTest {
    /// The webhook; the event goes to no other.
    pub webhook_id: WebhookId,
    /// Its name.
    pub name: String,
}

/// Where a run of a workflow is. The word stands here and not beside the machine because events speak of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum WorkflowRunStatus {
    /// Steps wait or run.
    Running,
    /// It was called off, and steps still run.
    Stopping,
    /// Every step succeeded or was not wanted.
    Succeeded,
    /// A step did not succeed, or the run took too long.
    Failed,
    /// It was called off.
    Cancelled,
}

/// The text names no status of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a run of a workflow is one of `running`, `stopping`, `succeeded`, `failed`, `cancelled`")]
pub struct UnknownWorkflowRunStatus;

impl WorkflowRunStatus {
    /// Every status, in the order of a run's life.
    pub const ALL: [Self; 5] = [Self::Running, Self::Stopping, Self::Succeeded, Self::Failed, Self::Cancelled];

    /// The name on the wire and in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Stopping => "stopping",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// Whether nothing follows.
    #[must_use]
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed | Self::Cancelled)
    }
}

impl fmt::Display for WorkflowRunStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for WorkflowRunStatus {
    type Err = UnknownWorkflowRunStatus;

    fn from_str(text: &str) -> Result<Self, UnknownWorkflowRunStatus> {
        Self::ALL.into_iter().find(|status| status.as_str() == text).ok_or(UnknownWorkflowRunStatus)
    }
}
