//! What can be decided about one submission without the database.

use jct_contract::{NormalizedTask, Sha256Digest, TaskId, Timestamp, TraceId};
use jct_policy::{PolicyError, evaluate_normalized, refuse_spelling};
use jct_store::model::{NewTask, TaskRecord, TaskState};

use super::EnqueueRequest;
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
    pub(super) fn prepare(&self, request: EnqueueRequest) -> Prepared {
        let EnqueueRequest { spec, trace_id, principal, hold } = request;
        let task = match spec.normalize() {
            Ok(task) => task,
            // Without a normal spelling there is no digest, so that it cannot be a repetition of anything.
            Err(error) => return Prepared::Refused { key: None, error: refuse_spelling(error, self.policy()) },
        };
        let key = task.idempotency_key().map(|key| (key.to_owned(), task.digest()));
        match evaluate_normalized(task.clone(), spec.target().repo(), self.policy()) {
            Err(error) => Prepared::Refused { key, error },
            Ok(admitted) => {
                let policy_canonical = self.policy_canonical();
                let max_attempts = self.max_attempts();
                let new = NewTask { admitted, policy_canonical, trace_id, submitter: principal, hold, max_attempts };
                Prepared::Admitted(Box::new(Fresh { new, task }))
            }
        }
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
    pub(super) fn into_record(self, id: TaskId, created_at: Timestamp) -> TaskRecord {
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
        TaskRecord { id, task, trace_id, submitter, created_at, state }
    }
}
