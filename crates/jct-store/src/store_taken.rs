//! The store's methods for executors outside the tower, beside [`Store::change_status`].

use jct_contract::{RunId, TaskId};

use crate::command::{Answer, Command};
use crate::model::{NewTakenArtifact, TakenArtifactAnswer};
use crate::{Store, StoreError};

impl Store {
    /// Accepts what the holder of a lease outside the tower leaves with its task, and tells of it in an event and in the
    /// audit log. `quota` is what all files of the task may amount to, in bytes.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database cannot be written; leaving a file again is then safe.
    pub async fn taken_artifact_add(
        &self,
        artifact: NewTakenArtifact,
        quota: u64,
    ) -> Result<TakenArtifactAnswer, StoreError> {
        match self.engine.write(Command::AddTakenArtifact { artifact: Box::new(artifact), quota }).await? {
            Answer::TakenArtifact(answer) => Ok(*answer),
            other => Err(StoreError::corrupt(format!("the writer answered {other:?}"))),
        }
    }

    /// The run that an attempt is; `None` if there is no such attempt, or its task has no issue.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database cannot be read.
    pub async fn attempt_run(&self, task: TaskId, attempt: u32) -> Result<Option<RunId>, StoreError> {
        self.engine.attempt_run(task, attempt).await
    }
}
