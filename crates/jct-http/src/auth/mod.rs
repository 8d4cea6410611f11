//! Who is asking, and whether they may: a handler gets the tower only through [`Access`], which names a scope.

mod access;
mod bearer;
mod guarded;
mod scopes;

pub(crate) use access::Access;
pub(crate) use guarded::Guarded;
pub(crate) use scopes::{
    AuditRead, CwomRead, CwomWrite, KeysManage, NeedsScope, QueueWrite, ReviewsDecide, RunsPush, TasksChange,
    TasksRead, TasksWrite,
};
