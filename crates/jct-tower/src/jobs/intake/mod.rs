//! Handing a job in: whatever its type, it becomes a task of the one contract, passes the one gate, and is kept by the
//! one intake.
//!
//! What is handed in is read here, because each type has a payload of its own; what is queued is always a task, so that
//! there is one queue, one lease and one audit log.

mod create;
mod envelope;
mod error;
mod facts;
mod legacy;
mod manifest;
mod repository;
mod submission;
mod warnings;

pub use error::{JobCreateError, ManifestRefusal};
pub use facts::payload_of;
pub use submission::{JobCreated, JobEnvelope, JobSubmission, JobWarning, JobWarningCode};

pub(crate) use facts::{facts_of, reserved_for};
