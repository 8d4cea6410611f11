//! Changing a task from outside its worker: release, take, end, cancel.

use jct_contract::{Principal, TaskId};
use jct_lifecycle::{Fence, IllegalTransition, TaskStatus};
use jct_store::model::{ExternalLease, TaskRecord};
use jct_store::{ChangeAnswer, StatusAction, StatusChange, StoreError};

use super::StatusRequest;
use crate::Tower;

/// A change that was made.
#[derive(Clone, Debug)]
pub struct Change {
    /// The task as it stands now.
    pub record: TaskRecord,
    /// The lease of whoever took the task.
    pub lease: Option<ExternalLease>,
    /// A worker holds the task and was asked to stop; it has the last word.
    pub cancel_requested: bool,
}

/// Why a task was not changed.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// There is no such task.
    #[error("no such task")]
    NotFound,
    /// Not possible from where the task stands.
    #[error(transparent)]
    Illegal(IllegalTransition),
    /// A worker holds the task; only it may end it.
    #[error("worker `{worker}` holds the task, and only it may end it")]
    HeldByWorker {
        /// The worker's name.
        worker: String,
    },
    /// Another principal took the task.
    #[error("principal `{principal}` holds the task, and only it may end it")]
    HeldByOther {
        /// The principal's name.
        principal: String,
    },
    /// The asker held the task, but too long.
    #[error("the lease of the task ran out")]
    LeaseExpired,
    /// The fence is that of an earlier lease.
    #[error("the fence is stale; the living lease has fence {current}")]
    StaleFence {
        /// The fence of the living lease.
        current: Fence,
    },
    /// The database failed.
    #[error("failed to change the task")]
    Store(#[from] StoreError),
}

impl Tower {
    /// Changes a task on behalf of `by`, who sends back the `fence` of its lease if it has one.
    ///
    /// # Errors
    /// [`ChangeError`]; nothing was changed, unless the store does not know.
    pub async fn task_change(
        &self,
        task_id: TaskId,
        request: StatusRequest,
        fence: Option<Fence>,
        by: Principal,
    ) -> Result<Change, ChangeError> {
        let (action, asker) = (self.action(request), by.name().to_owned());
        let (lease, cancel_requested) =
            match self.store().change_status(StatusChange { task_id, by, fence, action }).await? {
                ChangeAnswer::Changed => (None, false),
                ChangeAnswer::Taken(lease) => (Some(lease), false),
                ChangeAnswer::CancelRequested => (None, true),
                ChangeAnswer::NotFound => return Err(ChangeError::NotFound),
                ChangeAnswer::Illegal(illegal) => return Err(ChangeError::Illegal(illegal)),
                ChangeAnswer::HeldByWorker { name } => return Err(ChangeError::HeldByWorker { worker: name }),
                ChangeAnswer::HeldByOther { principal } => return Err(ChangeError::HeldByOther { principal }),
                ChangeAnswer::LeaseExpired => return Err(ChangeError::LeaseExpired),
                ChangeAnswer::StaleFence { current } => return Err(ChangeError::StaleFence { current }),
            };
        let record = self.store().task_get(task_id).await?.ok_or(ChangeError::NotFound)?;
        log::info!(
            trace_id = record.trace_id.as_str(), task_id:% = task_id, status = record.state.status().as_str(),
            by = asker.as_str(), cancel_requested = cancel_requested;
            "task changed from outside"
        );
        Ok(Change { record, lease, cancel_requested })
    }

    fn action(&self, request: StatusRequest) -> StatusAction {
        match request {
            StatusRequest::Release => StatusAction::Release,
            StatusRequest::Take { assigned_to } => StatusAction::Take { assigned_to, grace: self.external_grace() },
            StatusRequest::Complete { result, trace_path } => StatusAction::Complete { result, trace_path },
            StatusRequest::Fail { error, trace_path } => StatusAction::Fail { error, trace_path },
            StatusRequest::Cancel => StatusAction::Cancel { note: None },
            StatusRequest::Hold => StatusAction::Impossible(TaskStatus::Pending),
        }
    }
}
