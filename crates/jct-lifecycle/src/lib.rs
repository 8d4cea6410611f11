#![doc = include_str!("../README.md")]
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::unreachable, clippy::indexing_slicing)
)]

mod attempt;
mod fence;
mod job_status;
mod lease_id;
mod reason;
mod retry;
mod status;

pub use attempt::{AttemptEnd, Disposition, settle};
pub use fence::{Fence, InvalidFence, LeaseRef};
pub use job_status::{JobStatus, UnknownJobStatus};
pub use lease_id::{InvalidLeaseId, LeaseId};
pub use reason::{ReasonCode, UnknownReason};
pub use retry::RetryPolicy;
pub use status::{IllegalTransition, TaskEvent, TaskStatus, UnknownStatus, next};
