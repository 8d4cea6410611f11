//! Rows as the database holds them. A row can hold nonsense; the types of [`crate::model`] can't, and `TryFrom` is the
//! only way from one to the other.

mod admin;
mod audit;
mod columns;
mod controls;
mod events;
mod history;
mod jobs;
mod lane;
mod manifests;
mod objects;
mod objects_links;
mod objects_new;
mod objects_read;
mod queue;
mod task;
mod webhooks;
mod workflows;

pub(crate) use admin::{ApiKeyRow, PauseRow, WorkerRow};
pub(crate) use audit::{AuditKeyRow, CheckpointRow, HeadRow, LooseAuditRow, checkpoint_record};
pub(crate) use columns::{join, split, time, to_capabilities, to_principal, to_reason, to_trace_id, to_u32, to_u64};
pub(crate) use controls::{AgentRow, CallOff, ControlRow, FinishedRow, Running};
pub(crate) use events::{BusDocumentRow, BusRow, key_column};
pub(crate) use history::{AttemptEndRow, AttemptRow, AuditRow, EventRow};
pub(crate) use jobs::{AffinityRow, JobArtifactRow, WorkerTokenRow};
pub(crate) use lane::{Found, LaneRow};
pub(crate) use manifests::{ContentRow, ManifestRow, VersionRow, VersionWithSize};
pub(crate) use objects::{
    ArtifactRow, Chained, DoctrineRow, EvidenceRow, IssueRow, PacketRow, RepoRow, ReviewRow, RunRow, SnapshotRow,
};
pub(crate) use objects_links::{
    IssueDoctrineRow, IssuePacketRow, IssueSnapshotRow, Lists, PacketDoctrineRow, RunDoctrineRow, RunPacketRow,
    place_in_chain, place_in_list, reference,
};
pub(crate) use objects_new::Birth;
pub(crate) use objects_read::{IssueLinks, RunLinks};
pub(crate) use queue::{HoldRow, LeaseRow, OutcomeRow, ReadyRow};
pub(crate) use task::{AdmissionRow, PolicyRow, TaskRow, TaskRows};
pub(crate) use webhooks::{DeliveryRow, WebhookRow, filter_column, keys_column};
pub(crate) use workflows::{
    StepOutcomeRow, WorkflowFactRow, WorkflowInputRow, WorkflowRow, WorkflowRunRow, WorkflowStepRow, WorkflowVersionRow,
};
