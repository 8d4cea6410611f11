//! Files of a job: received from the worker that runs it, and read by those who handed it in.

use std::fs::File;
use std::io;

use jct_contract::{JobArtifactId, Sha256Digest, TaskId};
use jct_store::model::{JobArtifactAnswer, JobArtifactRecord, NewJobArtifact, Page, PageStart};
use jct_store::{Store, StoreError};
use jct_trace::{BlobRoot, BlobUpload, OpenBlobError};

use super::hold::Held;
use super::{ArtifactName, ArtifactOptions, JobError, LeaseProof, WorkError};
use crate::Tower;
use crate::access::WorkerGrant;

/// Collected before they are written, in bytes.
const BUFFER_BYTES: usize = 256 * 1024;

/// What a worker says about a file that it sends.
#[derive(Clone, Debug)]
pub struct NewArtifact {
    /// What it is called.
    pub name: ArtifactName,
    /// Its media type.
    pub content_type: String,
    /// The digest that it must have, if the worker knows it.
    pub digest: Option<Sha256Digest>,
}

/// A file that is being received. Dropped before its end, it is gone.
#[derive(Debug)]
pub struct ArtifactUpload {
    store: Store,
    options: ArtifactOptions,
    worker: WorkerGrant,
    held: Held,
    about: NewArtifact,
    /// Absent only while a piece is being written, and after that failed.
    upload: Option<BlobUpload>,
    buffer: Vec<u8>,
}

/// A file that was kept.
#[derive(Clone, Debug)]
pub struct KeptArtifact {
    /// What is known about it.
    pub record: JobArtifactRecord,
    /// Whether the same file was there under the same name already.
    pub repeated: bool,
}

/// Why a file was not kept.
#[derive(Debug, thiserror::Error)]
pub enum UploadError {
    /// The worker may not leave anything with the job.
    #[error(transparent)]
    Work(#[from] WorkError),
    /// This process keeps no files.
    #[error("this server keeps no files of jobs")]
    Unavailable,
    /// The file is larger than allowed.
    #[error("the file is larger than {max_bytes} bytes")]
    TooLarge {
        /// The limit.
        max_bytes: u64,
    },
    /// The file is empty.
    #[error("the file is empty")]
    Empty,
    /// What arrived is not what was announced.
    #[error("the digest of what arrived is {found}")]
    DigestMismatch {
        /// What arrived.
        found: Sha256Digest,
    },
    /// The job has another file of this name.
    #[error("the job has another artifact named `{name}`")]
    NameTaken {
        /// The name.
        name: ArtifactName,
    },
    /// The files of the job would be too much together.
    #[error("the artifacts of one job have {quota_bytes} bytes together at most, and {used_bytes} are there")]
    OverQuota {
        /// The limit.
        quota_bytes: u64,
        /// What is there.
        used_bytes: u64,
    },
    /// The disk failed.
    #[error("failed to keep the file")]
    Disk(#[source] io::Error),
    /// The process is shutting down.
    #[error("the upload was given up")]
    Abandoned(#[source] tokio::task::JoinError),
}

/// Why there is no such file.
#[derive(Debug, thiserror::Error)]
pub enum ArtifactError {
    /// There is no such job.
    #[error("no such job")]
    JobNotFound,
    /// The job has no such file.
    #[error("the job has no such artifact")]
    NotFound,
    /// The file is known, but this process cannot see it, or what it sees is another.
    #[error("the file of the artifact is not here as it was kept")]
    Gone,
    /// The file cannot be read.
    #[error("failed to read the file")]
    Disk(#[source] io::Error),
    /// The process is shutting down.
    #[error("the read was given up")]
    Abandoned(#[source] tokio::task::JoinError),
    /// The database failed.
    #[error("failed to read the artifacts of the job")]
    Store(#[from] StoreError),
}

impl Tower {
    /// Begins to receive a file for a job that the worker holds.
    ///
    /// # Errors
    /// [`UploadError`].
    pub async fn artifact_begin(
        &self,
        worker: &WorkerGrant,
        job: TaskId,
        proof: LeaseProof,
        about: NewArtifact,
    ) -> Result<ArtifactUpload, UploadError> {
        let held = self.held(worker, job, proof).await?;
        let options = self.job_options().artifacts.clone().ok_or(UploadError::Unavailable)?;
        let (root, max_bytes) = (options.root.clone(), options.max_bytes);
        let upload = blocking(move || root.begin(max_bytes)).await?;
        Ok(ArtifactUpload {
            store: self.store().clone(),
            options,
            worker: worker.clone(),
            held,
            about,
            upload: Some(upload),
            buffer: Vec::new(),
        })
    }

    /// Ends a file that was received whole, and keeps it with the job.
    ///
    /// # Errors
    /// [`UploadError`]; nothing was kept then, unless the store does not know.
    pub async fn artifact_finish(&self, upload: ArtifactUpload) -> Result<KeptArtifact, UploadError> {
        let (held, name, quota_bytes) = (upload.held, upload.about.name.clone(), upload.options.job_quota_bytes);
        // Not given up half way when the worker goes away: either both file and row are kept, or neither.
        let kept = tokio::spawn(upload.keep()).await.map_err(UploadError::Abandoned)??;
        match kept {
            JobArtifactAnswer::Kept(record) => Ok(KeptArtifact { record, repeated: false }),
            JobArtifactAnswer::Repeated(record) => Ok(KeptArtifact { record, repeated: true }),
            JobArtifactAnswer::NameTaken => Err(UploadError::NameTaken { name }),
            JobArtifactAnswer::OverQuota { used_bytes } => Err(UploadError::OverQuota { quota_bytes, used_bytes }),
            JobArtifactAnswer::Stale { .. } => Err(self.refusal(held).await.into()),
        }
    }

    /// A page of the files of a job, newest first.
    ///
    /// # Errors
    /// [`JobError`].
    pub async fn job_artifacts(
        &self,
        job: TaskId,
        start: PageStart,
        limit: u32,
    ) -> Result<Page<JobArtifactRecord>, JobError> {
        self.store().job_artifacts(job, start, limit).await?.ok_or(JobError::NotFound)
    }

    /// One file of a job, exactly as it was kept.
    ///
    /// # Errors
    /// [`ArtifactError`].
    pub async fn job_artifact(
        &self,
        job: TaskId,
        id: Option<JobArtifactId>,
    ) -> Result<(JobArtifactRecord, File), ArtifactError> {
        let found = match id {
            Some(id) => self.store().job_artifact(job, id).await?,
            None => None,
        };
        let Some(record) = found else {
            return Err(match self.store().task_get(job).await? {
                Some(_) => ArtifactError::NotFound,
                None => ArtifactError::JobNotFound,
            });
        };
        let root = self.job_options().artifacts.as_ref().map(|options| options.root.clone());
        let root = root.ok_or(ArtifactError::Gone)?;
        let (digest, size_bytes) = (record.digest, record.size_bytes);
        let read = tokio::task::spawn_blocking(move || root.read(job, digest, size_bytes)).await;
        match read.map_err(ArtifactError::Abandoned)? {
            Ok(file) => Ok((record, file)),
            Err(OpenBlobError::Missing | OpenBlobError::Altered) => Err(ArtifactError::Gone),
            Err(OpenBlobError::Io(error)) => Err(ArtifactError::Disk(error)),
        }
    }
}

impl ArtifactUpload {
    /// Takes the next piece.
    ///
    /// # Errors
    /// [`UploadError::TooLarge`] as soon as that is known; or the disk failed.
    pub async fn write(&mut self, piece: &[u8]) -> Result<(), UploadError> {
        let has_room = self.upload.as_ref().is_some_and(|upload| upload.has_room(self.buffer.len() + piece.len()));
        if !has_room {
            return Err(UploadError::TooLarge { max_bytes: self.options.max_bytes });
        }
        self.buffer.extend_from_slice(piece);
        if self.buffer.len() >= BUFFER_BYTES { self.flush().await } else { Ok(()) }
    }

    async fn flush(&mut self) -> Result<(), UploadError> {
        let Some(mut upload) = self.upload.take() else {
            return Err(UploadError::Disk(io::Error::other("an earlier piece was not written")));
        };
        let mut buffer = std::mem::take(&mut self.buffer);
        let (upload, buffer) = blocking(move || {
            upload.write(&buffer)?;
            buffer.clear();
            Ok((upload, buffer))
        })
        .await?;
        (self.upload, self.buffer) = (Some(upload), buffer);
        Ok(())
    }

    /// File first, then row; and the file goes again if there is no row.
    async fn keep(mut self) -> Result<JobArtifactAnswer, UploadError> {
        self.flush().await?;
        let Self { store, options, worker, held, about, upload, .. } = self;
        let upload = upload.ok_or(UploadError::Empty)?;
        let finished = blocking(move || upload.finish()).await?;
        let (digest, size_bytes) = (finished.digest(), finished.size_bytes());
        if size_bytes == 0 {
            return Err(UploadError::Empty);
        }
        if about.digest.is_some_and(|announced| announced != digest) {
            return Err(UploadError::DigestMismatch { found: digest });
        }
        let (root, job): (BlobRoot, TaskId) = (options.root, held.lease.task_id);
        // Whoever has the folder of the job decides alone what stays in it.
        let (folder, is_new) = blocking(move || {
            let folder = root.take(job)?;
            let is_new = folder.keep(&finished)?;
            Ok((folder, is_new))
        })
        .await?;
        let artifact = NewJobArtifact {
            lease: held.lease,
            worker_id: worker.id(),
            name: about.name.as_str().to_owned(),
            content_type: about.content_type,
            size_bytes,
            digest,
        };
        let answer = store.job_artifact_add(artifact, options.job_quota_bytes).await;
        let is_refused = matches!(
            answer,
            Ok(JobArtifactAnswer::NameTaken | JobArtifactAnswer::OverQuota { .. } | JobArtifactAnswer::Stale { .. })
        );
        if is_new && is_refused {
            blocking(move || folder.discard(digest)).await?;
        }
        answer.map_err(|error| WorkError::from(error).into())
    }
}

/// Runs what waits for the disk where it holds nobody up.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> Result<T, UploadError> {
    tokio::task::spawn_blocking(work).await.map_err(UploadError::Abandoned)?.map_err(UploadError::Disk)
}
