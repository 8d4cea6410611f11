//! The files in which a run left its change, in the sealed trace of its attempt: the patch, and the bundle of commits.

use jct_contract::{RunId, Sha256Digest};
use jct_cwom::{EvidencePack, Subject};
use jct_store::StoreError;
use jct_store::model::RunPlace;
use jct_trace::TraceFile;

use super::RunViewError;
use crate::Tower;
use crate::tasks::TraceAccessError;

/// One of the files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeFile {
    /// The change as one patch.
    Patch,
    /// The commits.
    Bundle,
}

impl ChangeFile {
    /// The path in the trace folder.
    #[must_use]
    pub const fn path(self) -> &'static str {
        match self {
            Self::Patch => "artifacts/changes.patch",
            Self::Bundle => "artifacts/changes.bundle",
        }
    }

    /// Whether the evidence names such a file.
    #[must_use]
    pub fn is_in(self, pack: &EvidencePack) -> bool {
        changed(pack.content.subject.as_ref()).is_some_and(|subject| self.digest(subject).is_some())
    }

    /// The digest that the evidence has of it, if it was kept at all.
    const fn digest(self, subject: &Subject) -> Option<Sha256Digest> {
        match self {
            Self::Patch => Some(subject.diff_digest),
            Self::Bundle => subject.bundle_digest,
        }
    }
}

/// Why there is no such file.
#[derive(Debug, thiserror::Error)]
pub enum RunFileError {
    /// There is no such run.
    #[error("no such run")]
    NotFound,
    /// Nobody has looked at the run yet.
    #[error("there is no evidence of the run yet, and with it no change")]
    NoEvidence,
    /// The run changed nothing.
    #[error("the run changed nothing")]
    NoChanges,
    /// The run changed something, but the file was not kept.
    #[error("`{}` was not preserved", .file.path())]
    NotPreserved {
        /// The file.
        file: ChangeFile,
    },
    /// The file is the sealed one, but not the one that the evidence is about: a secret was taken out of it.
    #[error("`{}` is not the one that the evidence pack names", .file.path())]
    Foreign {
        /// The file.
        file: ChangeFile,
    },
    /// The trace cannot be read.
    #[error(transparent)]
    Trace(TraceAccessError),
    /// The database failed.
    #[error("failed to read the run")]
    Store(#[from] StoreError),
}

impl From<RunViewError> for RunFileError {
    fn from(error: RunViewError) -> Self {
        match error {
            RunViewError::NotFound => Self::NotFound,
            RunViewError::Store(error) => Self::Store(error),
        }
    }
}

impl Tower {
    /// One of the files of a run, whose bytes are those that its evidence pack names.
    ///
    /// # Errors
    /// [`RunFileError`].
    pub async fn run_file(&self, run: RunId, file: ChangeFile) -> Result<TraceFile, RunFileError> {
        let view = self.run_view(run).await?;
        let place = view.place.ok_or(RunFileError::NoEvidence)?;
        let pack = place.evidence.as_ref().ok_or(RunFileError::NoEvidence)?;
        let subject = changed(pack.content.subject.as_ref()).ok_or(RunFileError::NoChanges)?;
        self.change_file(&place, subject, file).await
    }

    /// The same for a run that was read already.
    pub(super) async fn change_file(
        &self,
        place: &RunPlace,
        subject: &Subject,
        file: ChangeFile,
    ) -> Result<TraceFile, RunFileError> {
        let digest = file.digest(subject).ok_or(RunFileError::NotPreserved { file })?;
        let opened = self.task_trace_file(place.task_id, Some(place.attempt), file.path().to_owned()).await;
        let opened = opened.map_err(|error| match error {
            // Commits that change nothing leave no patch.
            TraceAccessError::FileNotFound if digest == Sha256Digest::of(b"") => RunFileError::NoChanges,
            TraceAccessError::FileNotFound => RunFileError::NotPreserved { file },
            error => RunFileError::Trace(error),
        })?;
        if opened.entry.digest == digest { Ok(opened) } else { Err(RunFileError::Foreign { file }) }
    }
}

/// Whether the evidence names a change by its commits alone, because the patch is too large to be written.
pub(super) fn is_named_by_commits(subject: &Subject) -> bool {
    let Subject { base_commit, head_commit, diff_digest, .. } = subject;
    *diff_digest == jct_evidence::ChangeFacts::digest_of_commits(base_commit, head_commit)
}

/// The change, if there is one.
pub(crate) fn changed(subject: Option<&Subject>) -> Option<&Subject> {
    subject.filter(|subject| subject.base_commit != subject.head_commit)
}
