//! The end of a task that somebody outside the tower took: accepted once, and the same report again gets the same answer.

use jct_contract::{Principal, TaskId};
use jct_lifecycle::Fence;
use jct_store::StoreError;
use jct_store::model::{Holder, TaskRecord, TaskState};

use crate::Tower;
use crate::runs::{RunView, RunViewError};
use crate::tasks::{ChangeError, StatusRequest};

/// How it ended, in the words of whoever did the work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TakenEnd {
    /// It is done; a JSON object as text.
    Completed {
        /// The result.
        result: String,
    },
    /// It could not be done.
    Failed {
        /// For people.
        error: String,
    },
}

/// A task that has ended.
#[derive(Clone, Debug)]
pub struct Ended {
    /// The task as it stands now.
    pub record: TaskRecord,
    /// The run with what is known about it, if the task has an issue.
    pub run: Option<RunView>,
    /// Whether the same end had been reported before; then nothing was written.
    pub repeated: bool,
}

impl Tower {
    /// Ends a task that `by` holds. The tower has not seen the work, so that what it is to prove stays unverified.
    ///
    /// # Errors
    /// [`ChangeError`]; nothing was changed, unless the store does not know.
    pub async fn taken_end(
        &self,
        task_id: TaskId,
        end: TakenEnd,
        fence: Option<Fence>,
        by: Principal,
    ) -> Result<Ended, ChangeError> {
        let request = match end.clone() {
            TakenEnd::Completed { result } => StatusRequest::Complete { result, trace_path: None },
            // A task that waits can be failed as well, but only by whoever holds it here.
            TakenEnd::Failed { error } => StatusRequest::Fail { error, trace_path: None },
        };
        let before = self.store().task_get(task_id).await?.ok_or(ChangeError::NotFound)?;
        if let TaskState::Pending { .. } | TaskState::Queued { .. } = before.state {
            let from = before.state.status();
            let to = jct_lifecycle::TaskStatus::Completed;
            return Err(ChangeError::Illegal(jct_lifecycle::IllegalTransition { from, to }));
        }
        let (record, repeated) = match self.task_change(task_id, request, fence, by.clone()).await {
            Ok(change) => (change.record, false),
            Err(ChangeError::Illegal(illegal)) => match self.ended_before(task_id, (&end, fence, &by)).await? {
                Some(record) => (record, true),
                None => return Err(ChangeError::Illegal(illegal)),
            },
            Err(error) => return Err(error),
        };
        let run = self.run_of(&record).await?;
        Ok(Ended { record, run, repeated })
    }

    /// The task, if this very end of it was accepted from this very holder.
    async fn ended_before(
        &self,
        id: TaskId,
        (end, fence, by): (&TakenEnd, Option<Fence>, &Principal),
    ) -> Result<Option<TaskRecord>, ChangeError> {
        let record = self.store().task_get(id).await?.ok_or(ChangeError::NotFound)?;
        let TaskState::Finished { outcome, attempt: Some(attempt), .. } = &record.state else { return Ok(None) };
        let is_same = match (end, outcome) {
            (TakenEnd::Completed { result }, Ok(kept)) => result == kept,
            (TakenEnd::Failed { error }, Err(kept)) => error == kept,
            _ => false,
        };
        let attempts = self.store().task_attempts(id).await?;
        let theirs = attempts.iter().find(|known| known.ordinal == *attempt).is_some_and(|known| {
            matches!(&known.holder, Holder::External { principal } if principal == by.name())
                && fence.is_none_or(|fence| fence == known.fence)
        });
        Ok((is_same && theirs).then_some(record))
    }

    async fn run_of(&self, record: &TaskRecord) -> Result<Option<RunView>, ChangeError> {
        let TaskState::Finished { attempt: Some(attempt), .. } = record.state else { return Ok(None) };
        let Some(run) = self.store().attempt_run(record.id, attempt).await? else { return Ok(None) };
        match self.run_view(run).await {
            Ok(view) => Ok(Some(view)),
            Err(RunViewError::NotFound) => Err(StoreError::Corrupt { what: format!("run {run} is missing") }.into()),
            Err(RunViewError::Store(error)) => Err(error.into()),
        }
    }
}
