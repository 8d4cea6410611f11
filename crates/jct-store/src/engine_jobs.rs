//! The reads about jobs, workers behind tokens and manifests, for the engine at hand.

use jct_contract::{JobArtifactId, RunId, Sha256Digest, TaskId};

use crate::engine::{Engine, Kind, read};
use crate::model::{
    JobArtifactRecord, ManifestEntry, ManifestRecord, ManifestVersionRecord, NamedPage, Page, PageStart, TaskRecord,
    WorkerTokenRecord,
};
use crate::{StoreError, postgres, sqlite};

impl Engine {
    pub(crate) async fn task_last_event(&self, id: TaskId) -> Result<Option<u64>, StoreError> {
        read!(self, task_reads::last_event(id))
    }

    pub(crate) async fn worker_token_by_digest(
        &self,
        digest: Sha256Digest,
    ) -> Result<Option<WorkerTokenRecord>, StoreError> {
        read!(self, worker_tokens::by_digest(digest))
    }

    pub(crate) async fn worker_token_list(
        &self,
        start: PageStart,
        limit: u32,
    ) -> Result<Page<WorkerTokenRecord>, StoreError> {
        read!(self, worker_tokens::list(start, limit))
    }

    pub(crate) async fn attempt_run(&self, task: TaskId, attempt: u32) -> Result<Option<RunId>, StoreError> {
        read!(self, taken::run_of(task, attempt))
    }

    pub(crate) async fn job_artifacts(
        &self,
        task: TaskId,
        start: PageStart,
        limit: u32,
    ) -> Result<Option<Page<JobArtifactRecord>>, StoreError> {
        read!(self, job_artifacts::list(task, start, limit))
    }

    pub(crate) async fn job_artifact(
        &self,
        task: TaskId,
        id: JobArtifactId,
    ) -> Result<Option<JobArtifactRecord>, StoreError> {
        read!(self, job_artifacts::get(task, id))
    }

    pub(crate) async fn manifest_get(&self, name: String) -> Result<Option<ManifestRecord>, StoreError> {
        read!(self, manifest_reads::get(name))
    }

    pub(crate) async fn manifest_list(
        &self,
        prefix: Option<String>,
        after: Option<String>,
        limit: u32,
    ) -> Result<NamedPage<ManifestEntry>, StoreError> {
        read!(self, manifest_reads::list(prefix, after, limit))
    }

    pub(crate) async fn manifest_versions(
        &self,
        name: String,
        start: PageStart,
        limit: u32,
    ) -> Result<Option<Page<ManifestVersionRecord>>, StoreError> {
        read!(self, manifest_reads::versions(name, start, limit))
    }

    pub(crate) async fn manifest_version(
        &self,
        name: String,
        hash: String,
    ) -> Result<Option<(ManifestVersionRecord, String)>, StoreError> {
        read!(self, manifest_reads::version(name, hash))
    }

    pub(crate) async fn manifest_runs(
        &self,
        name: String,
        start: PageStart,
        limit: u32,
    ) -> Result<Option<Page<TaskRecord>>, StoreError> {
        read!(self, manifest_reads::runs(name, start, limit))
    }
}
