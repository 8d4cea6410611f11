//! Who is asking, and whether they may: a handler gets the tower only through [`Access`], which names a scope, or through
//! [`WorkerAccess`], which is for workers with a token.

mod access;
mod bearer;
mod guarded;
mod scopes;
mod worker;

pub(crate) use access::Access;
pub(crate) use guarded::Guarded;
pub(crate) use scopes::{
    AuditRead, ControlsWrite, CwomRead, CwomWrite, EventsRead, EventsWrite, JobsRead, JobsWrite, KeysManage,
    ManifestsRead, ManifestsWrite, McpUse, NeedsScope, QueueWrite, ReviewsDecide, RunsPush, TasksChange, TasksRead,
    TasksWrite, WebhooksRead, WebhooksWrite, WorkersManage, WorkflowsRead, WorkflowsWrite,
};
pub(crate) use worker::WorkerAccess;
