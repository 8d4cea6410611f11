//! The store's vocabulary: valid objects, free of rows and of wire formats.

mod audit;
mod event;
mod evidence;
mod key;
mod objects;
mod queue;
mod review;
mod submission;
mod task;
mod task_objects;
mod worker;

pub use audit::{
    AuditFilter, AuditHead, AuditKeyRecord, AuditQuery, ChainFilter, ChainPlace, ChainRow, ChainRows, CheckpointRecord,
    NewAuditKey, NewCheckpoint, SealAnswer,
};
pub use event::{EventKind, NewEvent, TaskEventRecord};
pub use evidence::{NewEvidence, ReviewRule, RunReport};
pub use key::{ApiKeyRecord, NewApiKey};
pub use objects::{IssueGraph, NewObject, ObjectFilter, Versioned, WorkObject};
pub use queue::{
    ArtifactFile, Claim, ClaimFilter, ClaimedTask, FinishedTask, HeartbeatAnswer, IncidentCounts, Pause, QueuePosition,
    QueueStatus, Reaped, SettleAnswer, Settlement, TraceRef,
};
pub use review::{EgressRecord, NewPush, NewReview, PendingReview, ReviewAnswer, RunContext, RunPlace};
pub use submission::{Enqueued, NewTask};
pub use task::{
    Admission, AttemptOutcome, AttemptRecord, Cursor, ExternalLease, Holder, InvalidCursor, Page, PageStart,
    TaskFilter, TaskRecord, TaskState,
};
pub use task_objects::NewTaskObjects;
pub(crate) use task_objects::Written;
pub use worker::{NewWorker, WorkerRecord};
