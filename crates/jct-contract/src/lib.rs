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

mod canonical;
mod capability;
mod check;
mod digest;
pub mod door;
mod executor;
mod free_form;
mod ids;
mod isolation;
mod job;
mod json;
pub mod limits;
mod normalized;
mod operation;
mod pointer;
mod principal;
mod repo;
pub mod schema;
mod spec;
mod time;
mod trace_id;
mod violation;

pub use canonical::canonical_json;
pub use capability::{Capability, CapabilitySet, InvalidCapability};
pub use check::Check;
pub use digest::{InvalidDigest, Sha256Digest};
pub use executor::{ExecutorName, InvalidExecutorName};
pub use ids::{
    ApiKeyId, ArtifactId, AuditId, ConstraintSnapshotId, ContextPacketId, ControlId, DoctrineRefId, EventId,
    EvidencePackId, InvalidId, IssueId, JobArtifactId, ObjectId, RepoId, ReviewDecisionId, RunId, TaskId,
    WebhookDeliveryId, WebhookId, WorkerId, WorkflowId, WorkflowRunId,
};
pub use isolation::{IsolationLevel, UnknownIsolationLevel};
pub use job::{AffinityKey, InvalidAffinityKey, InvalidPriority, JobType, Priority, UnsupportedJobType};
pub use json::{DocumentError, DocumentLimits, JsonDocument, JsonNumber, JsonObject, JsonValue, parse_document};
pub use normalized::{FromCanonicalError, NormalizeError, NormalizedTask};
pub use operation::{Operation, UnknownOperation};
pub use principal::{InvalidPrincipalName, Principal, RequesterKind, UnknownRequesterKind};
pub use repo::{InvalidRepoName, RepoName};
pub use spec::{Constraints, RequestedBy, Target, TaskSpec};
pub use time::{Clock, InvalidTimestamp, ManualClock, SystemClock, Timestamp};
pub use trace_id::{InvalidTraceId, TraceId};
pub use violation::{SpecError, Violation, ViolationCode};
