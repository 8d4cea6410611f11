//! Changing a task from outside its worker: release, take, end, cancel.

use jct_contract::{ControlId, Principal, TaskId};
use jct_lifecycle::{Fence, IllegalTransition, TaskStatus};
use jct_store::model::{ExternalLease, TaskRecord};
use jct_store::{ChangeAnswer, StatusAction, StatusChange, StoreError};
use serde_json::{Map, Value};

use super::StatusRequest;
use crate::secrets::{refuse_members, refuse_text};
use crate::{SecretInReport, Tower};

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
    /// A control holds the task: nobody may take it.
    #[error("control {id} holds the task: {reason}")]
    HeldByControl {
        /// The control.
        id: ControlId,
        /// Why it was set.
        reason: String,
    },
    /// The asker has as many tasks as it may.
    #[error("`{agent}` has as many tasks as it may: {limit}")]
    AgentFull {
        /// The asker's name.
        agent: String,
        /// How many it may have.
        limit: u32,
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
    /// A secret is in what was reported.
    #[error(transparent)]
    Secret(#[from] SecretInReport),
    /// The database failed.
    #[error("failed to change the task")]
    Store(#[from] StoreError),
}

impl ChangeError {
    /// The lease of whoever took the task, and whether a worker was asked to stop; or why nothing was changed.
    pub(crate) fn unless_done(answer: ChangeAnswer) -> Result<(Option<ExternalLease>, bool), Self> {
        match answer {
            ChangeAnswer::Changed => Ok((None, false)),
            ChangeAnswer::Taken(lease) => Ok((Some(lease), false)),
            ChangeAnswer::CancelRequested => Ok((None, true)),
            ChangeAnswer::NotFound => Err(Self::NotFound),
            ChangeAnswer::Illegal(illegal) => Err(Self::Illegal(illegal)),
            ChangeAnswer::HeldByWorker { name } => Err(Self::HeldByWorker { worker: name }),
            ChangeAnswer::HeldByOther { principal } => Err(Self::HeldByOther { principal }),
            ChangeAnswer::HeldByControl(control) => Err(Self::HeldByControl { id: control.id, reason: control.reason }),
            ChangeAnswer::AgentFull { agent, limit } => Err(Self::AgentFull { agent, limit }),
            ChangeAnswer::LeaseExpired => Err(Self::LeaseExpired),
            ChangeAnswer::StaleFence { current } => Err(Self::StaleFence { current }),
        }
    }
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
        self.refuse_secrets(&request)?;
        let (action, asker) = (self.action(request), by.name().to_owned());
        let answer = self.store().change_status(StatusChange { task_id, by, fence, action }).await?;
        let (lease, cancel_requested) = ChangeError::unless_done(answer)?;
        let record = self.store().task_get(task_id).await?.ok_or(ChangeError::NotFound)?;
        log::info!(
            trace_id = record.trace_id.as_str(), task_id:% = task_id, status = record.state.status().as_str(),
            by = asker.as_str(), cancel_requested = cancel_requested;
            "task changed from outside"
        );
        Ok(Change { record, lease, cancel_requested })
    }

    fn refuse_secrets(&self, request: &StatusRequest) -> Result<(), SecretInReport> {
        let text = |field, text: Option<&str>| text.map_or(Ok(()), |text| refuse_text(self.scanner(), field, text));
        match request {
            StatusRequest::Take { assigned_to } => text("assigned_to", assigned_to.as_deref()),
            StatusRequest::Complete { result, trace_path } => {
                text("trace_path", trace_path.as_deref())?;
                // The canonical text of an object; what is none has no members to look at, but is looked at as it is.
                match serde_json::from_str::<Map<String, Value>>(result) {
                    Ok(members) => refuse_members(self.scanner(), "result", &members),
                    Err(_) => text("result", Some(result)),
                }
            }
            StatusRequest::Fail { error, trace_path } => {
                text("error", Some(error))?;
                text("trace_path", trace_path.as_deref())
            }
            StatusRequest::Release | StatusRequest::Cancel | StatusRequest::Hold => Ok(()),
        }
    }

    fn action(&self, request: StatusRequest) -> StatusAction {
        match request {
            StatusRequest::Release => StatusAction::Release,
            StatusRequest::Take { assigned_to } => {
                StatusAction::Take { assigned_to, grace: self.external_grace(), most: None }
            }
            StatusRequest::Complete { result, trace_path } => StatusAction::Complete { result, trace_path },
            StatusRequest::Fail { error, trace_path } => StatusAction::Fail { error, trace_path },
            StatusRequest::Cancel => StatusAction::Cancel { note: None },
            StatusRequest::Hold => StatusAction::Impossible(TaskStatus::Pending),
        }
    }
}
