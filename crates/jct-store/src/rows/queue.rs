//! Where a task stands: held, ready, leased, or over.

use diesel::prelude::*;
use jct_lifecycle::{Fence, LeaseRef};

use super::{time, to_reason, to_u32};
use crate::StoreError;
use crate::journal::{Head, Marks};
use crate::model::{Holder, TaskState, TraceRef};
use crate::schema::{task_holds, task_leases, task_outcomes, task_ready};
use crate::types::Id;

#[derive(Clone, Debug, Insertable, Queryable, Selectable)]
#[diesel(table_name = task_holds)]
pub(crate) struct HoldRow {
    pub(crate) task_id: Id,
    pub(crate) max_attempts: i64,
    pub(crate) held_at: i64,
    pub(crate) trace_id: String,
    pub(crate) event_seq: i64,
    pub(crate) audit_seq: i64,
    pub(crate) audit_hash: String,
}

#[derive(Clone, Debug, Insertable, Queryable, QueryableByName, Selectable)]
#[diesel(table_name = task_ready)]
pub(crate) struct ReadyRow {
    pub(crate) task_id: Id,
    pub(crate) run_at: i64,
    pub(crate) executor: String,
    pub(crate) generation: i64,
    pub(crate) attempts: i64,
    pub(crate) max_attempts: i64,
    pub(crate) queued_at: i64,
    pub(crate) started_at: Option<i64>,
    pub(crate) updated_at: i64,
    pub(crate) last_reason: Option<String>,
    pub(crate) trace_id: String,
    pub(crate) event_seq: i64,
    pub(crate) audit_seq: i64,
    pub(crate) audit_hash: String,
    pub(crate) lane_id: i64,
    pub(crate) affinity_key: Option<String>,
}

#[derive(Clone, Debug, Insertable, Queryable, QueryableByName, Selectable)]
#[diesel(table_name = task_leases)]
pub(crate) struct LeaseRow {
    pub(crate) task_id: Id,
    pub(crate) epoch: i64,
    pub(crate) generation: i64,
    pub(crate) attempt: i64,
    pub(crate) max_attempts: i64,
    pub(crate) executor: String,
    pub(crate) holder_kind: String,
    pub(crate) worker_id: Option<Id>,
    pub(crate) holder: String,
    pub(crate) assigned_to: Option<String>,
    pub(crate) acquired_at: i64,
    pub(crate) expires_at: i64,
    pub(crate) queued_at: i64,
    pub(crate) started_at: i64,
    pub(crate) cancel_requested_at: Option<i64>,
    pub(crate) cancel_requested_by: Option<String>,
    pub(crate) trace_id: String,
    pub(crate) event_seq: i64,
    pub(crate) audit_seq: i64,
    pub(crate) audit_hash: String,
    pub(crate) run_id: Option<Id>,
    pub(crate) lane_id: i64,
    pub(crate) affinity_key: Option<String>,
    pub(crate) cancel_note: Option<String>,
}

#[derive(Clone, Debug, Insertable, Queryable, Selectable)]
#[diesel(table_name = task_outcomes)]
pub(crate) struct OutcomeRow {
    pub(crate) task_id: Id,
    pub(crate) status: String,
    pub(crate) reason: String,
    pub(crate) result: Option<String>,
    pub(crate) error: Option<String>,
    pub(crate) attempt: Option<i64>,
    pub(crate) assigned_to: Option<String>,
    pub(crate) trace_path: Option<String>,
    pub(crate) manifest_digest: Option<String>,
    pub(crate) queued_at: Option<i64>,
    pub(crate) started_at: Option<i64>,
    pub(crate) finished_at: i64,
    pub(crate) event_seq: i64,
    pub(crate) audit_seq: i64,
    pub(crate) audit_hash: String,
}

macro_rules! marks {
    ($($row:ty),+) => {$(
        impl $row {
            /// Where the task's events and its chain stand.
            pub(crate) fn marks(&self) -> Marks {
                let head = Head { seq: self.audit_seq, hash: self.audit_hash.clone() };
                Marks { event_seq: self.event_seq, head }
            }
        }
    )+};
}

marks!(HoldRow, ReadyRow, LeaseRow);

impl LeaseRow {
    pub(crate) fn fence(&self) -> Fence {
        Fence { epoch: self.epoch, generation: self.generation }
    }

    pub(crate) fn lease_ref(&self) -> LeaseRef {
        LeaseRef { task_id: self.task_id.into(), fence: self.fence() }
    }

    pub(crate) fn shown_assignee(&self) -> String {
        self.assigned_to.clone().unwrap_or_else(|| self.holder.clone())
    }
}

pub(super) fn holder(kind: &str, worker_id: Option<Id>, name: String) -> Result<Holder, StoreError> {
    match (kind, worker_id) {
        ("worker", Some(id)) => Ok(Holder::Worker { id: id.into(), name }),
        ("external", None) => Ok(Holder::External { principal: name }),
        _ => Err(StoreError::corrupt(format!("holder of kind `{kind}`"))),
    }
}

impl TryFrom<ReadyRow> for TaskState {
    type Error = StoreError;

    fn try_from(row: ReadyRow) -> Result<Self, StoreError> {
        Ok(Self::Queued {
            queued_at: time(row.queued_at),
            started_at: row.started_at.map(time),
            updated_at: time(row.updated_at),
            run_at: time(row.run_at),
            attempts: to_u32("attempts", row.attempts)?,
            max_attempts: to_u32("max_attempts", row.max_attempts)?,
            last_reason: row.last_reason.as_deref().map(to_reason).transpose()?,
        })
    }
}

impl TryFrom<LeaseRow> for TaskState {
    type Error = StoreError;

    fn try_from(row: LeaseRow) -> Result<Self, StoreError> {
        Ok(Self::Running {
            queued_at: time(row.queued_at),
            started_at: time(row.started_at),
            acquired_at: time(row.acquired_at),
            expires_at: time(row.expires_at),
            attempt: to_u32("attempt", row.attempt)?,
            fence: row.fence(),
            assigned_to: row.shown_assignee(),
            cancel_requested_at: row.cancel_requested_at.map(time),
            cancel_note: row.cancel_note,
            max_attempts: to_u32("max_attempts", row.max_attempts)?,
            holder: holder(&row.holder_kind, row.worker_id, row.holder)?,
        })
    }
}

impl TryFrom<OutcomeRow> for TaskState {
    type Error = StoreError;

    fn try_from(row: OutcomeRow) -> Result<Self, StoreError> {
        let status =
            row.status.parse().map_err(|_| StoreError::corrupt(format!("status of outcome {}", row.task_id.0)))?;
        let outcome = match (row.result, row.error) {
            (Some(result), None) => Ok(result),
            (None, Some(error)) => Err(error),
            _ => return Err(StoreError::corrupt(format!("outcome {} needs result or error", row.task_id.0))),
        };
        Ok(Self::Finished {
            status,
            reason: to_reason(&row.reason)?,
            outcome,
            queued_at: row.queued_at.map(time),
            started_at: row.started_at.map(time),
            finished_at: time(row.finished_at),
            attempt: row.attempt.map(|attempt| to_u32("attempt", attempt)).transpose()?,
            assigned_to: row.assigned_to,
            trace: row.trace_path.map(|path| TraceRef { path, manifest_digest: row.manifest_digest }),
        })
    }
}
