//! What happened: attempts, events, audit entries.

use diesel::prelude::*;
use jct_audit::StoredEntry;
use jct_lifecycle::{Fence, TaskStatus};

use super::queue::holder;
use super::{time, to_reason, to_u32};
use crate::StoreError;
use crate::model::{AttemptOutcome, AttemptRecord, TaskEventRecord, TraceRef};
use crate::schema::{attempts, audit_log, task_events};
use crate::types::Id;

#[derive(Clone, Debug, Insertable, Queryable, Selectable)]
#[diesel(table_name = attempts)]
pub(crate) struct AttemptRow {
    pub(crate) task_id: Id,
    pub(crate) ordinal: i64,
    pub(crate) epoch: i64,
    pub(crate) generation: i64,
    pub(crate) holder_kind: String,
    pub(crate) worker_id: Option<Id>,
    pub(crate) holder: String,
    pub(crate) started_at: i64,
    pub(crate) ended_at: Option<i64>,
    pub(crate) reason: Option<String>,
    pub(crate) message: Option<String>,
    pub(crate) next_status: Option<String>,
    pub(crate) settle_digest: Option<String>,
    pub(crate) trace_path: Option<String>,
    pub(crate) manifest_digest: Option<String>,
    pub(crate) run_id: Option<Id>,
}

/// The second and last write to an attempt.
#[derive(Clone, Debug, AsChangeset)]
#[diesel(table_name = attempts)]
pub(crate) struct AttemptEndRow {
    #[diesel(skip_update)]
    pub(crate) task_id: Id,
    #[diesel(skip_update)]
    pub(crate) ordinal: i64,
    pub(crate) ended_at: i64,
    pub(crate) reason: String,
    pub(crate) message: Option<String>,
    pub(crate) next_status: String,
    pub(crate) settle_digest: Option<String>,
    pub(crate) trace_path: Option<String>,
    pub(crate) manifest_digest: Option<String>,
}

#[derive(Clone, Debug, Insertable, Queryable, Selectable)]
#[diesel(table_name = task_events)]
pub(crate) struct EventRow {
    pub(crate) task_id: Id,
    pub(crate) seq: i64,
    pub(crate) at: i64,
    pub(crate) kind: String,
    pub(crate) attempt: Option<i64>,
    pub(crate) body: String,
}

#[derive(Clone, Debug, Insertable, Queryable, Selectable)]
#[diesel(table_name = audit_log)]
pub(crate) struct AuditRow {
    pub(crate) id: Id,
    pub(crate) ts: i64,
    pub(crate) actor_kind: String,
    pub(crate) actor_id: String,
    pub(crate) action: String,
    pub(crate) entity_kind: String,
    pub(crate) entity_id: String,
    pub(crate) before: Option<String>,
    pub(crate) after: Option<String>,
    pub(crate) note: Option<String>,
    pub(crate) trace_id: Option<String>,
    pub(crate) seq: i64,
    pub(crate) prev_hash: String,
    pub(crate) hash: String,
}

fn to_status(text: &str) -> Result<TaskStatus, StoreError> {
    text.parse().map_err(|_| StoreError::corrupt(format!("status `{text}`")))
}

impl AttemptRow {
    /// The task's status after the attempt, if it has ended.
    pub(crate) fn next_status(&self) -> Result<Option<TaskStatus>, StoreError> {
        self.next_status.as_deref().map(to_status).transpose()
    }
}

impl TryFrom<AttemptRow> for AttemptRecord {
    type Error = StoreError;

    fn try_from(row: AttemptRow) -> Result<Self, StoreError> {
        let end = match (row.ended_at, &row.reason, row.next_status()?) {
            (None, None, None) => None,
            (Some(ended_at), Some(reason), Some(next_status)) => Some(AttemptOutcome {
                ended_at: time(ended_at),
                reason: to_reason(reason)?,
                message: row.message,
                next_status,
                trace: row.trace_path.map(|path| TraceRef { path, manifest_digest: row.manifest_digest }),
            }),
            _ => return Err(StoreError::corrupt(format!("attempt {} of task {}", row.ordinal, row.task_id.0))),
        };
        Ok(Self {
            ordinal: to_u32("ordinal", row.ordinal)?,
            fence: Fence { epoch: row.epoch, generation: row.generation },
            holder: holder(&row.holder_kind, row.worker_id, row.holder)?,
            started_at: time(row.started_at),
            end,
        })
    }
}

impl TryFrom<EventRow> for TaskEventRecord {
    type Error = StoreError;

    fn try_from(row: EventRow) -> Result<Self, StoreError> {
        Ok(Self {
            seq: u64::try_from(row.seq).map_err(|_| StoreError::corrupt(format!("event number {}", row.seq)))?,
            at: time(row.at),
            kind: row.kind.parse().map_err(|()| StoreError::corrupt(format!("event kind `{}`", row.kind)))?,
            attempt: row.attempt.map(|attempt| to_u32("attempt", attempt)).transpose()?,
            body: row.body,
        })
    }
}

impl TryFrom<AuditRow> for StoredEntry {
    type Error = StoreError;

    fn try_from(row: AuditRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.id.into(),
            at: time(row.ts),
            actor_kind: row.actor_kind,
            actor_id: row.actor_id,
            action: row.action,
            entity_kind: row.entity_kind,
            entity_id: row.entity_id,
            seq: u64::try_from(row.seq).map_err(|_| StoreError::corrupt(format!("audit number {}", row.seq)))?,
            before: row.before,
            after: row.after,
            note: row.note,
            trace_id: row.trace_id,
            prev_hash: Some(row.prev_hash),
            hash: Some(row.hash),
        })
    }
}
