//! Taking one task by its id, and saying that one still works on it.

use std::time::Duration;

use jct_contract::{Principal, RunId, TaskId};
use jct_lifecycle::Fence;
use jct_store::model::{ExternalLease, TaskRecord};
use jct_store::{StatusAction, StatusChange, StoreError};

use crate::Tower;
use crate::tasks::ChangeError;

/// The longest that a lease lasts without a heartbeat; tasks with a smaller time budget are held for that.
const LONGEST_SILENCE: Duration = Duration::from_secs(15 * 60);
/// How often whoever holds a task should say so.
pub const HEARTBEAT: Duration = Duration::from_secs(5 * 60);

/// A task in the hands of somebody outside the tower.
#[derive(Clone, Debug)]
pub struct Taken {
    /// The task as it stands now.
    pub record: TaskRecord,
    /// The lease, with the fence to send back.
    pub lease: ExternalLease,
    /// The run that the attempt is, if the task has an issue.
    pub run_id: Option<RunId>,
}

impl Tower {
    /// Takes one queued task off the queue on behalf of `by`. The lease lasts the task's time budget, but not longer than
    /// 15 minutes unless it is renewed, and a minute more.
    ///
    /// # Errors
    /// [`ChangeError`]; nothing was taken, unless the store does not know.
    pub async fn taken_claim(&self, task_id: TaskId, by: Principal) -> Result<Taken, ChangeError> {
        let action =
            StatusAction::Take { assigned_to: None, grace: self.external_grace(), most: Some(LONGEST_SILENCE) };
        let name = by.name().to_owned();
        let taken = self.taken(StatusChange { task_id, by, fence: None, action }).await?;
        log::info!(
            trace_id = taken.record.trace_id.as_str(), task_id:% = task_id, attempt = taken.lease.attempt,
            fence:% = taken.lease.fence, by = name.as_str(); "task taken from outside"
        );
        Ok(taken)
    }

    /// Renews the lease of a task that `by` holds, never beyond its time budget and a minute.
    ///
    /// # Errors
    /// [`ChangeError`]; the lease is then as it was.
    pub async fn taken_renew(
        &self,
        task_id: TaskId,
        fence: Option<Fence>,
        by: Principal,
    ) -> Result<Taken, ChangeError> {
        let action = StatusAction::Renew { grace: self.external_grace(), most: Some(LONGEST_SILENCE) };
        self.taken(StatusChange { task_id, by, fence, action }).await
    }

    async fn taken(&self, change: StatusChange) -> Result<Taken, ChangeError> {
        let task_id = change.task_id;
        let (lease, _) = ChangeError::unless_done(self.store().change_status(change).await?)?;
        let lost = || StoreError::Corrupt { what: format!("the lease of task {task_id} is missing") };
        let lease = lease.ok_or_else(lost)?;
        let record = self.store().task_get(task_id).await?.ok_or(ChangeError::NotFound)?;
        let run_id = self.store().attempt_run(task_id, lease.attempt).await?;
        Ok(Taken { record, lease, run_id })
    }
}
