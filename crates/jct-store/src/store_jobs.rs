//! The store's methods for workers that come over HTTP, and for what they hand in.

use jct_contract::{JobArtifactId, Principal, Sha256Digest, TaskId, WorkerId};

use crate::command::{Answer, Command};
use crate::model::{
    JobArtifactAnswer, JobArtifactRecord, NewJobArtifact, NewWorkerToken, Page, PageStart, WorkerTokenRecord,
};
use crate::{Store, StoreError};

impl Store {
    /// Keeps a token. Its id and its digest are the caller's, and new.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database cannot be written.
    pub async fn worker_token_create(&self, new: NewWorkerToken) -> Result<WorkerTokenRecord, StoreError> {
        let made = self.token_write(Command::CreateWorkerToken(Box::new(new))).await?;
        made.ok_or_else(|| StoreError::corrupt("a token that was made is not there"))
    }

    /// Revokes a token; a revoked one stays as it is. `None` if there is no such token.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database cannot be written.
    pub async fn worker_token_revoke(
        &self,
        id: WorkerId,
        by: Principal,
    ) -> Result<Option<WorkerTokenRecord>, StoreError> {
        self.token_write(Command::RevokeWorkerToken { id, by }).await
    }

    async fn token_write(&self, command: Command) -> Result<Option<WorkerTokenRecord>, StoreError> {
        match self.engine.write(command).await? {
            Answer::WorkerToken(answer) => Ok(*answer),
            other => Err(StoreError::corrupt(format!("the writer answered {other:?}"))),
        }
    }

    /// Notes that a token is used now. That is no change of state: it has no audit entry.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database cannot be written.
    pub async fn worker_token_used(&self, id: WorkerId) -> Result<(), StoreError> {
        match self.engine.write(Command::WorkerTokenUsed(id)).await? {
            Answer::Done(_) => Ok(()),
            other => Err(StoreError::corrupt(format!("the writer answered {other:?}"))),
        }
    }

    /// The token with this digest, valid or not.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database cannot be read.
    pub async fn worker_token_by_digest(&self, digest: Sha256Digest) -> Result<Option<WorkerTokenRecord>, StoreError> {
        self.engine.worker_token_by_digest(digest).await
    }

    /// A page of tokens, valid or not, newest first. `limit` is at most 500.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database cannot be read.
    pub async fn worker_token_list(&self, start: PageStart, limit: u32) -> Result<Page<WorkerTokenRecord>, StoreError> {
        self.engine.worker_token_list(start, limit).await
    }

    /// Keeps a file of a running job, and tells of it in an event and in the audit log. `quota` is what all files of the
    /// job may amount to, in bytes.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database cannot be written; handing the file in again is then safe.
    pub async fn job_artifact_add(
        &self,
        artifact: NewJobArtifact,
        quota: u64,
    ) -> Result<JobArtifactAnswer, StoreError> {
        match self.engine.write(Command::AddJobArtifact { artifact: Box::new(artifact), quota }).await? {
            Answer::JobArtifact(answer) => Ok(*answer),
            other => Err(StoreError::corrupt(format!("the writer answered {other:?}"))),
        }
    }

    /// A page of the files of a job, newest first; `None` if there is no such job. `limit` is at most 500.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database cannot be read.
    pub async fn job_artifacts(
        &self,
        job: TaskId,
        start: PageStart,
        limit: u32,
    ) -> Result<Option<Page<JobArtifactRecord>>, StoreError> {
        self.engine.job_artifacts(job, start, limit).await
    }

    /// One file of a job; `None` also for a file of another job.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database cannot be read.
    pub async fn job_artifact(&self, job: TaskId, id: JobArtifactId) -> Result<Option<JobArtifactRecord>, StoreError> {
        self.engine.job_artifact(job, id).await
    }

    /// The number of the last event of a task; `None` if there is no such task.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database cannot be read.
    pub async fn task_last_event(&self, id: TaskId) -> Result<Option<u64>, StoreError> {
        self.engine.task_last_event(id).await
    }
}
