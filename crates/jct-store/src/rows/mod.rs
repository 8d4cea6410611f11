//! Rows as the database holds them. A row can hold nonsense; the types of [`crate::model`] can't, and `TryFrom` is the
//! only way from one to the other.

mod admin;
mod columns;
mod history;
mod queue;
mod task;

pub(crate) use admin::{ApiKeyRow, PauseRow, WorkerRow};
pub(crate) use columns::{time, to_principal, to_reason, to_trace_id, to_u32};
pub(crate) use history::{AttemptEndRow, AttemptRow, AuditRow, EventRow};
pub(crate) use queue::{HoldRow, LeaseRow, OutcomeRow, ReadyRow};
pub(crate) use task::{AdmissionRow, PolicyRow, TaskRow, TaskRows};
