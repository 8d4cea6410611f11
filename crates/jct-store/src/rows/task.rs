//! The immutable part of a task, and the join that tells where it stands.

use diesel::prelude::*;
use jct_contract::{CapabilitySet, NormalizedTask, Sha256Digest};

use super::{HoldRow, LeaseRow, OutcomeRow, ReadyRow, join, time, to_capabilities, to_principal, to_trace_id};
use crate::StoreError;
use crate::model::{Admission, JobManifest, JobRecordFacts, NewTask, TaskRecord, TaskState, needed_by};
use crate::schema::{admissions, policies, tasks};
use crate::types::Id;

#[derive(Clone, Debug, Insertable, Queryable, Selectable)]
#[diesel(table_name = tasks)]
pub(crate) struct TaskRow {
    pub(crate) id: Id,
    pub(crate) idempotency_key: Option<String>,
    pub(crate) spec_digest: String,
    pub(crate) spec: String,
    pub(crate) requester_kind: String,
    pub(crate) operation: String,
    pub(crate) target_repo: String,
    pub(crate) executor: String,
    pub(crate) time_budget_seconds: i64,
    pub(crate) trace_id: String,
    pub(crate) submitter_kind: String,
    pub(crate) submitter: String,
    pub(crate) held: bool,
    pub(crate) created_at: i64,
    pub(crate) cwom_issue_id: Option<Id>,
    pub(crate) job_type: String,
    pub(crate) priority: i64,
    /// Absent if the task needs its executor and nothing else.
    pub(crate) capabilities: Option<String>,
    pub(crate) affinity_key: Option<String>,
    pub(crate) manifest_name: Option<String>,
    pub(crate) manifest_hash: Option<String>,
    pub(crate) manifest_registered: bool,
    /// The agent that an `agent` task names.
    pub(crate) agent: Option<String>,
}

#[derive(Clone, Debug, Insertable, Queryable, Selectable)]
#[diesel(table_name = admissions)]
pub(crate) struct AdmissionRow {
    pub(crate) task_id: Id,
    pub(crate) decision_id: Id,
    pub(crate) policy_digest: String,
    pub(crate) input_digest: String,
    pub(crate) admitted_at: i64,
}

#[derive(Clone, Debug, Insertable)]
#[diesel(table_name = policies)]
pub(crate) struct PolicyRow {
    pub(crate) digest: String,
    pub(crate) canonical: String,
    pub(crate) first_used_at: i64,
}

impl TaskRow {
    pub(crate) fn new(id: Id, created_at: i64, new: &NewTask) -> Self {
        let (task, job) = (new.admitted.task(), &new.job);
        let manifest = job.manifest.as_ref();
        Self {
            id,
            idempotency_key: task.idempotency_key().map(str::to_owned),
            spec_digest: task.digest().to_string(),
            spec: task.canonical_json().to_owned(),
            requester_kind: task.requested_by().kind().as_str().to_owned(),
            operation: task.operation().as_str().to_owned(),
            target_repo: task.repo().as_str().to_owned(),
            executor: task.executor().as_str().to_owned(),
            time_budget_seconds: task.constraints().time_budget_seconds(),
            trace_id: new.trace_id.as_str().to_owned(),
            submitter_kind: new.submitter.kind().as_str().to_owned(),
            submitter: new.submitter.name().to_owned(),
            held: new.hold,
            created_at,
            cwom_issue_id: new.objects.as_ref().map(|objects| objects.ids.issue.into()),
            job_type: job.job_type.as_str().to_owned(),
            priority: i64::from(job.priority.get()),
            capabilities: (job.capabilities != needed_by(task)).then(|| join(job.capabilities.as_slice())),
            affinity_key: job.affinity_key.as_ref().map(|key| key.as_str().to_owned()),
            manifest_name: manifest.map(|manifest| manifest.name.clone()),
            manifest_hash: manifest.map(|manifest| manifest.hash.clone()),
            manifest_registered: manifest.is_some_and(|manifest| manifest.from_registry),
            agent: task.adapter().map(str::to_owned),
        }
    }

    /// What a worker must have to take the task.
    pub(crate) fn needs(&self) -> Result<CapabilitySet, StoreError> {
        to_capabilities(self.capabilities.as_deref().unwrap_or(&self.executor))
    }

    pub(crate) fn job(&self) -> Result<JobRecordFacts, StoreError> {
        let corrupt = |what: &str| StoreError::corrupt(format!("{what} of task {}", self.id.0));
        Ok(JobRecordFacts {
            job_type: self.job_type.parse().map_err(|_| corrupt("the job type"))?,
            priority: self.priority.try_into().map_err(|_| corrupt("the priority"))?,
            capabilities: self.needs()?,
            affinity_key: self
                .affinity_key
                .as_deref()
                .map(|key| key.parse().map_err(|_| corrupt("the affinity key")))
                .transpose()?,
        })
    }

    pub(crate) fn manifest(&self) -> Option<JobManifest> {
        let (name, hash) = self.manifest_name.clone().zip(self.manifest_hash.clone())?;
        Some(JobManifest { name, hash, from_registry: self.manifest_registered })
    }

    /// Rebuilds the task from its canonical bytes and checks them against the digest beside them.
    pub(crate) fn task(&self) -> Result<NormalizedTask, StoreError> {
        let task = NormalizedTask::from_canonical(self.spec.as_bytes(), self.idempotency_key.clone())
            .map_err(|error| StoreError::corrupt(format!("spec of task {}: {error}", self.id.0)))?;
        if task.digest().to_string() == self.spec_digest {
            Ok(task)
        } else {
            Err(StoreError::corrupt(format!("spec of task {} does not match its digest", self.id.0)))
        }
    }
}

impl TryFrom<AdmissionRow> for Admission {
    type Error = StoreError;

    fn try_from(row: AdmissionRow) -> Result<Self, StoreError> {
        let digest = |text: &str| {
            text.parse::<Sha256Digest>()
                .map_err(|_| StoreError::corrupt(format!("digest in admission {}", row.task_id.0)))
        };
        Ok(Self {
            decision_id: row.decision_id.0,
            policy_digest: digest(&row.policy_digest)?,
            input_digest: digest(&row.input_digest)?,
            admitted_at: time(row.admitted_at),
        })
    }
}

/// A task and the rows that say where it stands; exactly one of them is there.
#[derive(Debug, Queryable)]
pub(crate) struct TaskRows {
    pub(crate) task: TaskRow,
    pub(crate) hold: Option<HoldRow>,
    pub(crate) ready: Option<ReadyRow>,
    pub(crate) lease: Option<LeaseRow>,
    pub(crate) outcome: Option<OutcomeRow>,
}

impl TryFrom<TaskRows> for TaskRecord {
    type Error = StoreError;

    fn try_from(rows: TaskRows) -> Result<Self, StoreError> {
        let (row, state) = rows.into_parts()?;
        Ok(Self {
            id: row.id.into(),
            task: row.task()?,
            trace_id: to_trace_id(&row.trace_id)?,
            submitter: to_principal(&row.submitter_kind, &row.submitter)?,
            created_at: time(row.created_at),
            issue_id: row.cwom_issue_id.map(Into::into),
            job: row.job()?,
            manifest: row.manifest(),
            state,
        })
    }
}

impl TaskRows {
    /// The task, and where it stands.
    pub(crate) fn into_parts(self) -> Result<(TaskRow, TaskState), StoreError> {
        let Self { task: row, hold, ready, lease, outcome } = self;
        let state = match (hold, ready, lease, outcome) {
            (Some(hold), None, None, None) => TaskState::Pending { held_at: time(hold.held_at) },
            (None, Some(ready), None, None) => TaskState::try_from(ready)?,
            (None, None, Some(lease), None) => TaskState::try_from(lease)?,
            (None, None, None, Some(outcome)) => TaskState::try_from(outcome)?,
            _ => return Err(StoreError::corrupt(format!("task {} is not in exactly one state", row.id.0))),
        };
        Ok((row, state))
    }
}
