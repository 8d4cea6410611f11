//! Why a job was not taken.

use jct_contract::Violation;

use crate::intake::EnqueueError;

/// Why a job was not taken; nothing was kept, unless the store does not know.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JobCreateError {
    /// The payload breaks the contract of its type. Pointers begin at the payload; never empty.
    #[error("the payload of the job breaks its contract")]
    Payload(Vec<Violation>),
    /// The task that the job stands for was not taken.
    #[error("the job was not taken")]
    Task(#[from] EnqueueError),
}
