//! What every log line about a task carries.

use jct_contract::{TaskId, TraceId};
use jct_store::model::ClaimedTask;

/// The ids of an attempt, for log lines.
#[derive(Clone, Debug)]
pub(crate) struct Tag {
    pub(crate) trace_id: TraceId,
    pub(crate) task_id: TaskId,
    pub(crate) attempt: u32,
}

impl Tag {
    pub(crate) fn of(task: &ClaimedTask) -> Self {
        Self { trace_id: task.trace_id.clone(), task_id: task.lease.task_id, attempt: task.attempt }
    }
}

/// Logs with the ids of an attempt: `tagged!(warn, tag, more = pairs; "message")`.
macro_rules! tagged {
    ($level:ident, $tag:expr $(, $key:ident $(:$mode:tt)? = $value:expr)* ; $($message:tt)+) => {
        log::$level!(
            trace_id:% = $tag.trace_id, task_id:% = $tag.task_id, attempt = $tag.attempt
            $(, $key $(:$mode)? = $value)*; $($message)+
        )
    };
}

pub(crate) use tagged;
