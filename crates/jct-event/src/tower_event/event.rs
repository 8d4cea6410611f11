//! The tower's own events as one enum, each variant with its data.

use serde::Serialize;
use serde_json::Value;

use super::payload::{
    BudgetNear, CheckpointSealed, ReviewDue, TaskStateChanged, WebhookTest, WorkerLost, WorkflowRunChanged,
};
use crate::{EventPriority, EventType};

/// Something that the tower itself tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TowerEvent {
    /// A task went from one status to another.
    TaskStateChanged(TaskStateChanged),
    /// A run waits for its review.
    ReviewDue(ReviewDue),
    /// A worker is gone.
    WorkerLost(WorkerLost),
    /// A budget is nearly used up.
    BudgetNear(BudgetNear),
    /// The audit log was sealed up to an entry.
    CheckpointSealed(CheckpointSealed),
    /// A run of a workflow went from one status to another.
    WorkflowRunChanged(WorkflowRunChanged),
    /// Somebody wants to see whether a webhook works.
    WebhookTest(WebhookTest),
}

/// The kinds of [`TowerEvent`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TowerEventType {
    /// `task.state_changed`
    TaskStateChanged,
    /// `review.due`
    ReviewDue,
    /// `worker.lost`
    WorkerLost,
    /// `budget.near`
    BudgetNear,
    /// `checkpoint.sealed`
    CheckpointSealed,
    /// `workflow.run_changed`
    WorkflowRunChanged,
    /// `webhook.test`
    WebhookTest,
}

impl TowerEventType {
    /// Every kind.
    pub const ALL: [Self; 7] = [
        Self::TaskStateChanged,
        Self::ReviewDue,
        Self::WorkerLost,
        Self::BudgetNear,
        Self::CheckpointSealed,
        Self::WorkflowRunChanged,
        Self::WebhookTest,
    ];

    /// The type on the wire.
    #[must_use]
    pub const fn event_type(self) -> EventType {
        EventType::of_tower(match self {
            Self::TaskStateChanged => "task.state_changed",
            Self::ReviewDue => "review.due",
            Self::WorkerLost => "worker.lost",
            Self::BudgetNear => "budget.near",
            Self::CheckpointSealed => "checkpoint.sealed",
            Self::WorkflowRunChanged => "workflow.run_changed",
            Self::WebhookTest => "webhook.test",
        })
    }
}

impl TowerEvent {
    /// Of which kind it is.
    #[must_use]
    pub const fn kind(&self) -> TowerEventType {
        match self {
            Self::TaskStateChanged(_) => TowerEventType::TaskStateChanged,
            Self::ReviewDue(_) => TowerEventType::ReviewDue,
            Self::WorkerLost(_) => TowerEventType::WorkerLost,
            Self::BudgetNear(_) => TowerEventType::BudgetNear,
            Self::CheckpointSealed(_) => TowerEventType::CheckpointSealed,
            Self::WorkflowRunChanged(_) => TowerEventType::WorkflowRunChanged,
            Self::WebhookTest(_) => TowerEventType::WebhookTest,
        }
    }

    /// How urgent it is: what needs a person comes before what only tells.
    #[must_use]
    pub const fn priority(&self) -> EventPriority {
        match self {
            Self::WorkerLost(_) | Self::BudgetNear(_) | Self::WebhookTest(_) => EventPriority::High,
            Self::TaskStateChanged(_) | Self::ReviewDue(_) | Self::WorkflowRunChanged(_) => EventPriority::Medium,
            Self::CheckpointSealed(_) => EventPriority::Low,
        }
    }

    /// What it is about: the id of the object, or the scope of the budget.
    #[must_use]
    pub fn subject(&self) -> String {
        match self {
            Self::TaskStateChanged(event) => event.task_id.to_string(),
            Self::ReviewDue(event) => event.run_id.to_string(),
            Self::WorkerLost(event) => event.worker_id.to_string(),
            Self::BudgetNear(event) => event.scope.clone(),
            Self::CheckpointSealed(event) => event.tree_size.to_string(),
            Self::WorkflowRunChanged(event) => event.run_id.to_string(),
            Self::WebhookTest(event) => event.webhook_id.to_string(),
        }
    }

    /// Its data.
    #[must_use]
    pub fn data(&self) -> Value {
        match self {
            Self::TaskStateChanged(event) => json(event),
            Self::ReviewDue(event) => json(event),
            Self::WorkerLost(event) => json(event),
            Self::BudgetNear(event) => json(event),
            Self::CheckpointSealed(event) => json(event),
            Self::WorkflowRunChanged(event) => json(event),
            Self::WebhookTest(event) => json(event),
        }
    }
}

/// The payloads are structs of texts and numbers, for which serialising has no way to fail.
fn json(payload: &impl Serialize) -> Value {
    serde_json::to_value(payload).unwrap_or_default()
}
