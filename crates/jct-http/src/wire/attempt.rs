//! Attempts.

use jct_contract::Timestamp;
use jct_lifecycle::{ReasonCode, TaskStatus};
use jct_store::model::{AttemptOutcome, AttemptRecord};
use serde::Serialize;
use utoipa::ToSchema;

use super::parties::HolderBody;

/// One attempt of a task.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Attempt)]
pub(crate) struct AttemptBody<'a> {
    /// From 1; never used twice.
    attempt: u32,
    #[schema(example = "1.1")]
    fence: String,
    holder: HolderBody<'a>,
    #[schema(value_type = String, format = DateTime)]
    started_at: Timestamp,
    /// Absent while it runs.
    #[schema(value_type = Option<String>, format = DateTime)]
    ended_at: Option<Timestamp>,
    #[schema(value_type = Option<String>, example = "COMPLETED")]
    reason: Option<ReasonCode>,
    message: Option<&'a str>,
    /// The status of the task after it.
    #[schema(value_type = Option<String>, example = "completed")]
    next_status: Option<TaskStatus>,
    trace_path: Option<&'a str>,
    /// Only folders that the tower sealed have one.
    manifest_digest: Option<&'a str>,
}

impl<'a> AttemptBody<'a> {
    pub(crate) fn of(record: &'a AttemptRecord) -> Self {
        let AttemptRecord { ordinal, fence, holder, started_at, end } = record;
        let mut body = Self {
            attempt: *ordinal,
            fence: fence.to_string(),
            holder: HolderBody::of(holder),
            started_at: *started_at,
            ended_at: None,
            reason: None,
            message: None,
            next_status: None,
            trace_path: None,
            manifest_digest: None,
        };
        if let Some(AttemptOutcome { ended_at, reason, message, next_status, trace }) = end {
            body.ended_at = Some(*ended_at);
            body.reason = Some(*reason);
            body.message = message.as_deref();
            body.next_status = Some(*next_status);
            body.trace_path = trace.as_ref().map(|trace| trace.path.as_str());
            body.manifest_digest = trace.as_ref().and_then(|trace| trace.manifest_digest.as_deref());
        }
        body
    }
}
