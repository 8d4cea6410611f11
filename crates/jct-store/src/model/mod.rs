//! The store's vocabulary: valid objects, free of rows and of wire formats.

mod audit;
mod event;
mod key;
mod queue;
mod submission;
mod task;
mod worker;

pub use audit::{AuditEntry, AuditQuery};
pub use event::{EventKind, NewEvent, TaskEventRecord};
pub use key::{ApiKeyRecord, NewApiKey};
pub use queue::{
    Claim, ClaimFilter, ClaimedTask, FinishedTask, HeartbeatAnswer, IncidentCounts, Pause, QueuePosition, QueueStatus,
    Reaped, SettleAnswer, Settlement, TraceRef,
};
pub use submission::{Enqueued, NewTask};
pub use task::{
    Admission, AttemptOutcome, AttemptRecord, Cursor, ExternalLease, Holder, InvalidCursor, Page, PageStart,
    TaskFilter, TaskRecord, TaskState,
};
pub use worker::{NewWorker, WorkerRecord};
