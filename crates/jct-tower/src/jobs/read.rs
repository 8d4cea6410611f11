//! Jobs in the eyes of those who hand them in: one, many, what happened to one, and calling one off.

use jct_contract::{Principal, TaskId};
use jct_lifecycle::JobStatus;
use jct_store::model::{TaskEventRecord, TaskRecord};
use jct_store::{ChangeAnswer, StatusAction, StatusChange, StoreError};

use crate::Tower;

/// Which part of a job's history is wanted: events between two numbers, both excluded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventRange {
    /// Only events after this one; 0 for all.
    pub after: u64,
    /// Only events before this one.
    pub before: Option<u64>,
    /// The newest first.
    pub newest_first: bool,
    /// How many at most, 1 to 500.
    pub limit: u32,
}

/// A part of a job's history.
#[derive(Clone, Debug)]
pub struct EventPage {
    /// The events in the order that was asked for.
    pub events: Vec<TaskEventRecord>,
    /// The last event of this page, if there are more behind it.
    pub next: Option<u64>,
}

/// Why a job could not be read or called off.
#[derive(Debug, thiserror::Error)]
pub enum JobError {
    /// There is no such job.
    #[error("no such job")]
    NotFound,
    /// The job has ended.
    #[error("a job that is {status} cannot be cancelled")]
    Ended {
        /// How.
        status: JobStatus,
    },
    /// Somebody outside the tower took the task and has to end it.
    #[error("`{holder}` holds the job, and only it may end it")]
    Held {
        /// Its name.
        holder: String,
    },
    /// The database failed.
    #[error("failed to read or change the job")]
    Store(#[from] StoreError),
}

impl Tower {
    /// One job.
    ///
    /// # Errors
    /// [`JobError`].
    pub async fn job(&self, id: TaskId) -> Result<TaskRecord, JobError> {
        self.store().task_get(id).await?.ok_or(JobError::NotFound)
    }

    /// Calls a job off: at once while it waits; a running one is asked to stop, and its worker has the last word. The
    /// first request counts, and a job that is cancelled already stays as it is.
    ///
    /// # Errors
    /// [`JobError`].
    pub async fn job_cancel(&self, id: TaskId, reason: Option<String>, by: Principal) -> Result<TaskRecord, JobError> {
        let asker = by.name().to_owned();
        let action = StatusAction::Cancel { note: reason };
        let answer = self.store().change_status(StatusChange { task_id: id, by, fence: None, action }).await?;
        let record = self.job(id).await?;
        match answer {
            ChangeAnswer::Changed | ChangeAnswer::Taken(_) | ChangeAnswer::CancelRequested => {
                log::info!(
                    trace_id = record.trace_id.as_str(), task_id:% = id, by = asker.as_str(),
                    status = record.state.status().as_str();
                    "job called off"
                );
                Ok(record)
            }
            ChangeAnswer::NotFound => Err(JobError::NotFound),
            ChangeAnswer::HeldByWorker { name: holder } | ChangeAnswer::HeldByOther { principal: holder } => {
                Err(JobError::Held { holder })
            }
            ChangeAnswer::Illegal(_)
            | ChangeAnswer::HeldByControl(_)
            | ChangeAnswer::AgentFull { .. }
            | ChangeAnswer::LeaseExpired
            | ChangeAnswer::StaleFence { .. } => match record.state.job_status() {
                JobStatus::Cancelled => Ok(record),
                status => Err(JobError::Ended { status }),
            },
        }
    }

    /// A part of a job's history.
    ///
    /// # Errors
    /// [`JobError`].
    pub async fn job_events(&self, id: TaskId, range: EventRange) -> Result<EventPage, JobError> {
        let EventRange { after, before, newest_first, limit } = range;
        // Numbers have no gaps, so that an end can be counted off.
        let mut last = before.map_or(u64::MAX, |before| before.saturating_sub(1));
        if newest_first {
            last = last.min(self.store().task_last_event(id).await?.unwrap_or(0));
        }
        let from = if newest_first { after.max(last.saturating_sub(limit.into())) } else { after };
        let span = u32::try_from(last.saturating_sub(from)).unwrap_or(u32::MAX).min(limit);
        let mut events = self.store().task_events(id, from, span.max(1)).await?.ok_or(JobError::NotFound)?;
        events.retain(|event| event.seq <= last);
        events.truncate(usize::try_from(span).unwrap_or(usize::MAX));
        if newest_first {
            events.reverse();
            let next = events.last().map(|event| event.seq).filter(|seq| *seq > after + 1);
            return Ok(EventPage { events, next });
        }
        let is_full = u32::try_from(events.len()).is_ok_and(|found| found == limit);
        let next = events.last().map(|event| event.seq).filter(|seq| is_full && *seq < last);
        Ok(EventPage { events, next })
    }
}
