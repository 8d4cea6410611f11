//! What the tower itself has to say: its own types, and what stands in the data of each.

mod event;
mod payload;

pub use event::{TowerEvent, TowerEventType};
pub use payload::{
    BudgetNear, CheckpointSealed, ReviewDue, TaskStateChanged, UnknownWorkflowRunStatus, WebhookTest, WorkerLost,
    WorkflowRunChanged, WorkflowRunStatus,
};
