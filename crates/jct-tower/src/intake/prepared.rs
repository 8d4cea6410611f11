//! What can be decided about one submission without the database.

use jct_contract::{IssueId, NormalizedTask, Sha256Digest, TaskId, Timestamp, TraceId};
use jct_policy::{PolicyError, evaluate_normalized, refuse_spelling};
use jct_store::StoreError;
use jct_store::model::{NewTask, NewTaskObjects, TaskRecord, TaskState};

use super::{EnqueueError, EnqueueRequest};
use crate::Tower;

/// A submission after the gate.
pub(super) enum Prepared {
    /// The gate let it in.
    Admitted(Box<Fresh>),
    /// The gate refused it; if it is a repetition, that is told by its key and digest.
    Refused { key: Option<(String, Sha256Digest)>, error: PolicyError },
}

/// An admitted task on its way to the store, with what is needed to answer without reading it back.
pub(super) struct Fresh {
    pub(super) new: NewTask,
    pub(super) task: NormalizedTask,
}

impl Tower {
    pub(super) async fn prepare(&self, request: EnqueueRequest) -> Result<Prepared, StoreError> {
        let EnqueueRequest { spec, trace_id, principal, hold, create_objects } = request;
        let task = match spec.normalize() {
            Ok(task) => task,
            // Without a normal spelling there is no digest, so that it cannot be a repetition of anything.
            Err(error) => {
                return Ok(Prepared::Refused { key: None, error: refuse_spelling(error, self.policy()) });
            }
        };
        let key = task.idempotency_key().map(|key| (key.to_owned(), task.digest()));
        let admitted = match evaluate_normalized(task.clone(), spec.target().repo(), self.policy()) {
            Err(error) => return Ok(Prepared::Refused { key, error }),
            Ok(admitted) => admitted,
        };
        let new = NewTask {
            admitted,
            policy_canonical: self.policy_canonical(),
            objects: self.objects(&task, &trace_id, create_objects).await?,
            trace_id,
            submitter: principal,
            hold,
            max_attempts: self.max_attempts(),
        };
        Ok(Prepared::Admitted(Box::new(Fresh { new, task })))
    }

    /// A task past the gate that somebody else keeps, together with what it belongs to.
    pub(crate) async fn admit(&self, request: EnqueueRequest) -> Result<NewTask, EnqueueError> {
        match self.prepare(request).await? {
            Prepared::Admitted(fresh) => Ok(fresh.new),
            Prepared::Refused { error, .. } => Err(EnqueueError::Policy(error)),
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
        let Self { task, trace_id, submitter, hold, max_attempts } = self;
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
        TaskRecord { id, task, trace_id, submitter, created_at, issue_id, state }
    }
}
