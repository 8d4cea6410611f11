//! Jobs: everything that is queued, as those see it who hand work in or take it over HTTP.

mod artifact_name;
mod artifacts;
mod claim;
mod end;
mod hold;
pub mod intake;
mod lines;
mod options;
mod presence;
mod read;
mod report;

pub use artifact_name::{ArtifactName, InvalidArtifactName};
pub use artifacts::{ArtifactError, ArtifactUpload, KeptArtifact, NewArtifact, UploadError};
pub use claim::{ClaimError, ClaimRequest, LeasedJob};
pub use end::{Completion, Failure};
pub use hold::{LeaseProof, WorkError};
pub(crate) use lines::Lines;
pub use options::{ArtifactOptions, JobOptions};
pub(crate) use presence::WorkerPresence;
pub use read::{EventPage, EventRange, JobError};
pub use report::{CancelWish, EventLevel, JobProgress, JobReport, Renewed, UnknownEventLevel};
