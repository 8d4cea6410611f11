//! The store's vocabulary: valid objects, free of rows and of wire formats.

mod agent;
mod audit;
mod control;
mod event;
mod event_bus;
mod evidence;
mod job;
mod job_artifact;
mod key;
mod manifest;
mod objects;
mod queue;
mod review;
mod submission;
mod taken_artifact;
mod task;
mod task_objects;
mod webhook;
mod worker;
mod worker_token;
mod workflow;
mod workflow_run;

pub use agent::{AgentKind, AgentRecord, FinishedAttempt, NewAgent, UnknownAgentKind};
pub use audit::{
    AuditFilter, AuditHead, AuditKeyRecord, AuditQuery, ChainFilter, ChainPlace, ChainRow, ChainRows, CheckpointRecord,
    NewAuditKey, NewCheckpoint, SealAnswer,
};
pub use control::{
    ControlMode, ControlRecord, ControlScope, InvalidControlScope, Lifted, NewControl, UnknownControlMode,
};
pub use event::{EventKind, NewEvent, TaskEventRecord};
pub use event_bus::{
    ClaimEvents, ClaimedEvent, EmittedEvent, EventCause, EventEffects, EventEnd, EventFilter, EventLease, EventPost,
    EventPosted, EventRecord, EventRedriven, EventSettled, EventSettlement, TailPage,
};
pub use evidence::{NewEvidence, ReviewRule, RunReport};
pub(crate) use job::needed_by;
pub use job::{ClaimedManifest, JobFacts, JobManifest, JobRecordFacts, ManifestUse};
pub use job_artifact::{JobArtifactAnswer, JobArtifactRecord, NewJobArtifact};
pub use key::{ApiKeyRecord, NewApiKey};
pub use manifest::{
    ManifestDelete, ManifestEntry, ManifestExpectation, ManifestPut, ManifestRecord, ManifestRun,
    ManifestVersionRecord, NamedPage, NewManifestVersion,
};
pub use objects::{IssueGraph, NewObject, ObjectFilter, Versioned, WorkObject};
pub use queue::{
    ArtifactFile, Claim, ClaimFilter, ClaimedTask, DueWork, FinishedTask, HeartbeatAnswer, IncidentCounts, Pause,
    QueuePosition, QueueStatus, Reaped, SettleAnswer, Settlement, TraceRef,
};
pub use review::{EgressRecord, NewPush, NewReview, PendingReview, ReviewAnswer, RunContext, RunPlace};
pub use submission::{Enqueued, NewTask};
pub use taken_artifact::{NewTakenArtifact, TakenArtifact, TakenArtifactAnswer, TakenPlace};
pub use task::{
    Admission, AttemptOutcome, AttemptRecord, Cursor, ExternalLease, Holder, InvalidCursor, Page, PageStart,
    TaskFilter, TaskRecord, TaskState,
};
pub use task_objects::NewTaskObjects;
pub(crate) use task_objects::Written;
pub use webhook::{
    ClaimDeliveries, ClaimedDelivery, DeliveryAnswer, DeliveryEnd, DeliveryLease, DeliveryRecord, DeliverySettled,
    DeliverySettlement, NewWebhook, WebhookAnswer, WebhookChange, WebhookKey, WebhookRecord,
};
pub use worker::{NewWorker, WorkerRecord};
pub use worker_token::{NewWorkerToken, WorkerTokenRecord};
pub use workflow::{
    ActiveWorkflow, NewWorkflow, WorkflowChange, WorkflowChangeAnswer, WorkflowCreateAnswer, WorkflowRecord,
    WorkflowText, WorkflowVersionRecord,
};
pub use workflow_run::{
    AdvanceAnswer, CancelRequest, CancelRunAnswer, ClaimedRun, DueRuns, NewRunEnd, NewWorkflowFact, NewWorkflowRun,
    OpenedStep, RunAdvance, RunCause, RunClaim, RunEnd, RunFork, RunKey, RunLease, RunStartAnswer, RunThen,
    WorkflowFact, WorkflowRunInput, WorkflowRunRecord, WorkflowStepEnd, WorkflowStepTask, WorkflowSteps,
};
