#![doc = include_str!("../README.md")]
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::unreachable,
        clippy::indexing_slicing,
        clippy::string_slice,
        clippy::todo,
        clippy::unimplemented
    )
)]

pub mod cloud_event;
mod data;
mod error;
mod event_type;
pub mod limits;
mod new_event;
mod priority;
mod run_key;
mod source;
mod status;
mod text;
mod tower_event;
pub mod webhook;

pub use cloud_event::{CloudEvent, ContentMode, ExtensionValue};
pub use data::EventData;
pub use error::EventError;
pub use event_type::{EventType, InvalidEventType, TypeFilter};
pub use new_event::{EventKey, NewEvent};
pub use priority::{EventPriority, UnknownPriority};
pub use run_key::{run_key, run_of_key};
pub use source::{EventSource, InvalidEventSource};
pub use status::{EventStatus, EventTransition, IllegalEventTransition, UnknownEventStatus, next};
pub use tower_event::{
    BudgetNear, CheckpointSealed, ReviewDue, TaskStateChanged, TowerEvent, TowerEventType, UnknownWorkflowRunStatus,
    WebhookTest, WorkerLost, WorkflowRunChanged, WorkflowRunStatus,
};
