//! What can be decided about one submission without the database.

use jct_contract::{IssueId, NormalizedTask, Sha256Digest, TaskId, Timestamp, TraceId};
use jct_policy::{PolicyError, evaluate_normalized, refuse_spelling};
use jct_store::StoreError;
use jct_store::model::{
    JobFacts, JobManifest, JobRecordFacts, ManifestUse, NewTask, NewTaskObjects, TaskRecord, TaskState,
};

use super::job_part::{Gate, JobPart};
use super::keys::Keys;
use super::{EnqueueError, EnqueueRequest};
use crate::Tower;
use crate::jobs::intake::{facts_of, reserved_for};

/// A submission after the gate.
pub(super) enum Prepared {
    /// The gate let it in.
    Admitted(Box<Fresh>),
    /// The gate refused it; if it is a repetition, that is told by its key and digest.
    Refused { key: Option<(String, Sha256Digest)>, error: PolicyError },
    /// It names something that is reserved: an executor for another type of job, or a key for the tower.
    Reserved(EnqueueError),
}

/// An admitted task on its way to the store, with what is needed to answer without reading it back.
pub(super) struct Fresh {
    pub(super) new: NewTask,
    pub(super) task: NormalizedTask,
}

impl Tower {
    pub(super) async fn prepare(&self, request: EnqueueRequest, keys: Keys) -> Result<Prepared, StoreError> {
        self.prepare_job(request, None, keys).await
    }

    /// The same with what is said about the task as a job; without it, it is a task that says nothing about that.
    pub(super) async fn prepare_job(
        &self,
        request: EnqueueRequest,
        part: Option<JobPart>,
        keys: Keys,
    ) -> Result<Prepared, StoreError> {
        let EnqueueRequest { spec, trace_id, principal, hold, create_objects } = request;
        if let Err(error) = keys.admit(spec.idempotency_key()) {
            return Ok(Prepared::Reserved(error));
        }
        let task = match spec.normalize() {
            Ok(task) => task,
            // Without a normal spelling there is no digest, so that it cannot be a repetition of anything.
            Err(error) => {
                return Ok(Prepared::Refused { key: None, error: refuse_spelling(error, self.policy()) });
            }
        };
        let JobPart { facts, max_attempts, events, gate } =
            part.unwrap_or_else(|| JobPart::of(JobFacts::of_task(&task)));
        let executor = task.executor();
        if reserved_for(&executor).is_some_and(|job_type| job_type != facts.job_type) {
            return Ok(Prepared::Reserved(EnqueueError::ReservedExecutor { executor }));
        }
        let key = task.idempotency_key().map(|key| (key.to_owned(), task.digest()));
        let (policy, policy_canonical) = match gate {
            Gate::InForce => (self.policy(), self.policy_canonical()),
            Gate::Manifests => (self.manifest_gate().policy(), self.manifest_gate().canonical()),
        };
        let admitted = match evaluate_normalized(task.clone(), spec.target().repo(), policy) {
            Err(error) => return Ok(Prepared::Refused { key, error }),
            Ok(admitted) => admitted,
        };
        let new = NewTask {
            admitted,
            policy_canonical,
            objects: self.objects(&task, &trace_id, create_objects).await?,
            trace_id,
            submitter: principal,
            hold,
            max_attempts: max_attempts.unwrap_or_else(|| self.max_attempts()).max(1),
            job: facts,
            events,
        };
        Ok(Prepared::Admitted(Box::new(Fresh { new, task })))
    }

    /// A task past the gate that somebody else keeps, together with what it belongs to.
    pub(crate) async fn admit(&self, request: EnqueueRequest) -> Result<NewTask, EnqueueError> {
        let part = request.spec.normalize().ok().map(|task| JobPart::of(facts_of(&task)));
        match self.prepare_job(request, part, Keys::OfCallers).await? {
            Prepared::Admitted(fresh) => Ok(fresh.new),
            Prepared::Refused { error, .. } => Err(EnqueueError::Policy(error)),
            Prepared::Reserved(error) => Err(error),
        }
    }

    /// The work objects of the task, if it is to have any.
    async fn objects(
        &self,
        task: &NormalizedTask,
        trace_id: &TraceId,
        wanted: Option<bool>,
    ) -> Result<Option<Box<NewTaskObjects>>, StoreError> {
        if !wanted.unwrap_or(self.create_objects()) {
            return Ok(None);
        }
        let repo = self.repos().find(self.store(), task.repo().as_str()).await?;
        let objects = NewTaskObjects::of(task, repo, trace_id.clone(), self.clock().now())?;
        Ok(Some(Box::new(objects)))
    }
}

/// The parts of a fresh record that the store does not decide.
pub(super) struct Draft {
    task: NormalizedTask,
    trace_id: TraceId,
    submitter: jct_contract::Principal,
    hold: bool,
    max_attempts: u32,
    job: JobRecordFacts,
    manifest: Option<JobManifest>,
}

impl Fresh {
    pub(super) fn split(self) -> (NewTask, Draft) {
        let Self { new, task } = self;
        let draft = Draft {
            task,
            trace_id: new.trace_id.clone(),
            submitter: new.submitter.clone(),
            hold: new.hold,
            max_attempts: new.max_attempts,
            job: new.job.record(),
            manifest: new.job.manifest.as_ref().map(manifest_of),
        };
        (new, draft)
    }
}

impl Draft {
    pub(super) fn trace_id(&self) -> &str {
        self.trace_id.as_str()
    }

    /// The record as the store keeps it, so that it need not be read back.
    pub(super) fn into_record(self, id: TaskId, created_at: Timestamp, issue_id: Option<IssueId>) -> TaskRecord {
        let Self { task, trace_id, submitter, hold, max_attempts, job, manifest } = self;
        let state = if hold {
            TaskState::Pending { held_at: created_at }
        } else {
            TaskState::Queued {
                queued_at: created_at,
                started_at: None,
                updated_at: created_at,
                run_at: created_at,
                attempts: 0,
                max_attempts,
                last_reason: None,
            }
        };
        TaskRecord { id, task, trace_id, submitter, created_at, issue_id, job, manifest, state }
    }
}

/// Which manifest a job runs, without its bytes.
fn manifest_of(manifest: &ManifestUse) -> JobManifest {
    let ManifestUse { name, hash, content: _, from_registry } = manifest.clone();
    JobManifest { name, hash, from_registry }
}
