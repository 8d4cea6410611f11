//! Reading tasks, their attempts and their events.

use jct_contract::TaskId;
use jct_store::StoreError;
use jct_store::model::{AttemptRecord, Page, PageStart, TaskEventRecord, TaskFilter, TaskRecord};

use crate::Tower;

/// Why a task could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// There is no such task.
    #[error("no such task")]
    NotFound,
    /// The database failed.
    #[error("failed to read the task")]
    Store(#[from] StoreError),
}

/// A piece of a task's history.
#[derive(Clone, Debug)]
pub struct Events {
    /// The events, in order, without gaps.
    pub events: Vec<TaskEventRecord>,
    /// Whether these are the last there will ever be.
    pub is_end: bool,
}

impl Tower {
    /// One task.
    ///
    /// # Errors
    /// [`ReadError`].
    pub async fn task(&self, id: TaskId) -> Result<TaskRecord, ReadError> {
        self.store().task_get(id).await?.ok_or(ReadError::NotFound)
    }

    /// A page of tasks, newest first; `limit` is 1 to 500.
    ///
    /// # Errors
    /// [`StoreError`] when the database cannot be read.
    pub async fn tasks(
        &self,
        filter: TaskFilter,
        start: PageStart,
        limit: u32,
    ) -> Result<Page<TaskRecord>, StoreError> {
        self.store().task_list(filter, start, limit).await
    }

    /// The attempts of a task, first to last.
    ///
    /// # Errors
    /// [`ReadError`].
    pub async fn task_attempts(&self, id: TaskId) -> Result<Vec<AttemptRecord>, ReadError> {
        let attempts = self.store().task_attempts(id).await?;
        // Only a task without attempts has to be told from no task.
        if attempts.is_empty() {
            self.task(id).await?;
        }
        Ok(attempts)
    }

    /// The events of a task after number `after`, at most `limit`.
    ///
    /// # Errors
    /// [`ReadError`].
    pub async fn task_events(&self, id: TaskId, after: u64, limit: u32) -> Result<Events, ReadError> {
        let events = self.store().task_events(id, after, limit).await?.ok_or(ReadError::NotFound)?;
        if !events.is_empty() {
            return Ok(Events { events, is_end: false });
        }
        if !self.task(id).await?.state.status().is_final() {
            return Ok(Events { events, is_end: false });
        }
        // The end may have come between the two reads: nothing is written after it, so one more look settles it.
        let events = self.store().task_events(id, after, limit).await?.ok_or(ReadError::NotFound)?;
        let is_end = events.is_empty();
        Ok(Events { events, is_end })
    }
}
