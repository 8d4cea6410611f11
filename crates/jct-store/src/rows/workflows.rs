//! Workflows, their versions, and their runs.

use diesel::prelude::*;
use jct_contract::WorkflowRunId;
use jct_event::WorkflowRunStatus;
use jct_lifecycle::{Fence, TaskStatus};

use super::{time, to_principal, to_reason, to_trace_id, to_u32, to_u64};
use crate::StoreError;
use crate::journal::Head;
use crate::model::{
    CancelRequest, RunEnd, RunFork, RunLease, WorkflowFact, WorkflowRecord, WorkflowRunRecord, WorkflowStepEnd,
    WorkflowStepTask, WorkflowVersionRecord,
};
use crate::schema_workflows::{
    workflow_facts, workflow_inputs, workflow_runs, workflow_steps, workflow_versions, workflows,
};
use crate::types::Id;

#[derive(AsChangeset, Clone, Debug, Insertable, Queryable, Selectable)]
#[diesel(table_name = workflows, primary_key(id), treat_none_as_null = true)]
pub(crate) struct WorkflowRow {
    pub(crate) id: Id,
    pub(crate) name: String,
    pub(crate) is_active: bool,
    pub(crate) version: i64,
    pub(crate) digest: String,
    pub(crate) owner_kind: String,
    pub(crate) owner_name: String,
    pub(crate) created_at: i64,
    pub(crate) updated_by: String,
    pub(crate) updated_at: i64,
    pub(crate) runs_started: i64,
    pub(crate) last_run_id: Option<Id>,
    pub(crate) audit_seq: i64,
    pub(crate) audit_hash: String,
}

impl WorkflowRow {
    pub(crate) fn head(&self) -> Head {
        Head { seq: self.audit_seq, hash: self.audit_hash.clone() }
    }

    /// The number of its last audit entry: its revision.
    pub(crate) const fn revision(&self) -> u64 {
        self.audit_seq.unsigned_abs()
    }

    pub(crate) fn into_record(
        self,
        definition: String,
        last_run: Option<WorkflowRunRecord>,
    ) -> Result<WorkflowRecord, StoreError> {
        Ok(WorkflowRecord {
            revision: self.revision(),
            id: self.id.into(),
            is_active: self.is_active,
            version: to_u32("version", self.version)?,
            digest: self.digest.parse().map_err(|_| StoreError::corrupt("the digest of a workflow"))?,
            owner: to_principal(&self.owner_kind, &self.owner_name)?,
            created_at: time(self.created_at),
            updated_by: self.updated_by,
            updated_at: time(self.updated_at),
            runs_started: to_u64("runs_started", self.runs_started)?,
            name: self.name,
            last_run,
            definition,
        })
    }
}

#[derive(Clone, Debug, Insertable, Queryable, Selectable)]
#[diesel(table_name = workflow_versions)]
pub(crate) struct WorkflowVersionRow {
    pub(crate) workflow_id: Id,
    pub(crate) version: i64,
    pub(crate) digest: String,
    pub(crate) definition: String,
    pub(crate) created_by: String,
    pub(crate) created_at: i64,
}

impl TryFrom<WorkflowVersionRow> for WorkflowVersionRecord {
    type Error = StoreError;

    fn try_from(row: WorkflowVersionRow) -> Result<Self, StoreError> {
        Ok(Self {
            version: to_u32("version", row.version)?,
            digest: row.digest.parse().map_err(|_| StoreError::corrupt("the digest of a workflow's version"))?,
            definition: row.definition,
            created_by: row.created_by,
            created_at: time(row.created_at),
        })
    }
}

#[derive(AsChangeset, Clone, Debug, Insertable, Queryable, Selectable)]
#[diesel(table_name = workflow_runs, primary_key(id), treat_none_as_null = true)]
pub(crate) struct WorkflowRunRow {
    pub(crate) id: Id,
    pub(crate) workflow_id: Id,
    pub(crate) version: i64,
    pub(crate) status: String,
    pub(crate) event_id: Option<Id>,
    pub(crate) forked_from: Option<Id>,
    pub(crate) fork_step: Option<String>,
    pub(crate) depth: i64,
    pub(crate) started_by_kind: String,
    pub(crate) started_by_name: String,
    pub(crate) trace_id: String,
    pub(crate) created_at: i64,
    pub(crate) deadline_at: i64,
    pub(crate) finished_at: Option<i64>,
    pub(crate) result: Option<String>,
    pub(crate) error: Option<String>,
    pub(crate) cancel_requested_at: Option<i64>,
    pub(crate) cancel_requested_by: Option<String>,
    pub(crate) facts: i64,
    pub(crate) look_at: Option<i64>,
    pub(crate) epoch: Option<i64>,
    pub(crate) generation: i64,
    pub(crate) holder: Option<Id>,
    pub(crate) expires_at: Option<i64>,
    pub(crate) audit_seq: i64,
    pub(crate) audit_hash: String,
    pub(crate) idempotency_key: Option<String>,
    pub(crate) idempotency_digest: Option<String>,
}

impl WorkflowRunRow {
    pub(crate) fn head(&self) -> Head {
        Head { seq: self.audit_seq, hash: self.audit_hash.clone() }
    }

    pub(crate) fn status(&self) -> Result<WorkflowRunStatus, StoreError> {
        self.status
            .parse()
            .map_err(|_| StoreError::corrupt(format!("the status `{}` of a workflow's run", self.status)))
    }

    /// The lease that it is under.
    pub(crate) fn lease(&self) -> RunLease {
        let fence = Fence { epoch: self.epoch.unwrap_or_default(), generation: self.generation };
        RunLease { run_id: WorkflowRunId::from(self.id), fence }
    }
}

impl TryFrom<WorkflowRunRow> for WorkflowRunRecord {
    type Error = StoreError;

    fn try_from(row: WorkflowRunRow) -> Result<Self, StoreError> {
        let fork = row.forked_from.zip(row.fork_step.clone());
        let cancel = row.cancel_requested_at.zip(row.cancel_requested_by.clone());
        Ok(Self {
            status: row.status()?,
            id: row.id.into(),
            workflow_id: row.workflow_id.into(),
            version: to_u32("version", row.version)?,
            event_id: row.event_id.map(Into::into),
            fork: fork.map(|(from, step)| RunFork { from: from.into(), step }),
            depth: to_u32("depth", row.depth)?,
            started_by: to_principal(&row.started_by_kind, &row.started_by_name)?,
            trace_id: to_trace_id(&row.trace_id)?,
            created_at: time(row.created_at),
            deadline_at: time(row.deadline_at),
            end: row.finished_at.map(|at| RunEnd { at: time(at), result: row.result, error: row.error }),
            cancel: cancel.map(|(at, by)| CancelRequest { at: time(at), by }),
            facts: to_u64("facts", row.facts)?,
        })
    }
}

#[derive(Clone, Debug, Insertable, Queryable, Selectable)]
#[diesel(table_name = workflow_inputs)]
pub(crate) struct WorkflowInputRow {
    pub(crate) run_id: Id,
    pub(crate) event: String,
    pub(crate) kept: Option<String>,
}

#[derive(Clone, Debug, Insertable, Queryable, Selectable)]
#[diesel(table_name = workflow_facts)]
pub(crate) struct WorkflowFactRow {
    pub(crate) run_id: Id,
    pub(crate) seq: i64,
    pub(crate) at: i64,
    pub(crate) fact: String,
    pub(crate) detail: Option<String>,
}

impl TryFrom<WorkflowFactRow> for WorkflowFact {
    type Error = StoreError;

    fn try_from(row: WorkflowFactRow) -> Result<Self, StoreError> {
        Ok(Self { seq: to_u64("seq", row.seq)?, at: time(row.at), fact: row.fact, detail: row.detail })
    }
}

#[derive(Clone, Debug, Insertable, Queryable, Selectable)]
#[diesel(table_name = workflow_steps)]
pub(crate) struct WorkflowStepRow {
    pub(crate) run_id: Id,
    pub(crate) step: String,
    pub(crate) attempt: i64,
    pub(crate) task_id: Id,
    pub(crate) enqueued_at: i64,
    pub(crate) deadline_at: i64,
    pub(crate) cancelled_at: Option<i64>,
    pub(crate) closed_at: Option<i64>,
}

/// How the task of a step ended: status, reason, result, error, when it was started and when it ended.
pub(crate) type StepOutcomeRow = (String, String, Option<String>, Option<String>, Option<i64>, i64);

impl WorkflowStepRow {
    pub(crate) fn into_task(self, outcome: Option<StepOutcomeRow>) -> Result<WorkflowStepTask, StoreError> {
        let end = |(status, reason, result, error, started_at, finished_at): StepOutcomeRow| {
            let status: TaskStatus =
                status.parse().map_err(|_| StoreError::corrupt(format!("the status `{status}` of a step's task")))?;
            let (started_at, finished_at) = (started_at.map(time), time(finished_at));
            Ok::<_, StoreError>(WorkflowStepEnd {
                status,
                reason: to_reason(&reason)?,
                result,
                error,
                started_at,
                finished_at,
            })
        };
        Ok(WorkflowStepTask {
            step: self.step,
            attempt: to_u32("attempt", self.attempt)?,
            task_id: self.task_id.into(),
            enqueued_at: time(self.enqueued_at),
            deadline_at: time(self.deadline_at),
            cancelled_at: self.cancelled_at.map(time),
            closed_at: self.closed_at.map(time),
            end: outcome.map(end).transpose()?,
        })
    }
}
