//! Pushing what was approved, and nothing else.

use std::fs::File;
use std::io::{self, Read, Write};

use jct_contract::{Principal, RunId, Sha256Digest, TaskId, TraceId};
use jct_cwom::{EvidencePack, ReviewDecision, ReviewDecisionStatus, Subject};
use jct_store::StoreError;
use jct_store::model::{NewPush, RunPlace};
use sha2::{Digest, Sha256};
use tempfile::NamedTempFile;

use super::files::{changed, is_named_by_commits};
use super::{BranchName, ChangeFile, Publication, PublishError, Published, RunFileError, RunView, RunViewError};
use crate::Tower;
use crate::tasks::TraceAccessError;

/// Read at once while a bundle is copied.
const PIECE: usize = 64 * 1024;

/// What a push has done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pushed {
    /// The run.
    pub run_id: RunId,
    /// Its task.
    pub task_id: TaskId,
    /// The repository.
    pub repo: String,
    /// The branch.
    pub branch: BranchName,
    /// The commit that the branch has.
    pub commit: String,
    /// Whether the branch was not there before.
    pub created: bool,
}

/// Why nothing was pushed.
#[derive(Debug, thiserror::Error)]
pub enum PushError {
    /// This process cannot push.
    #[error("this server has no sources of repositories")]
    Unavailable,
    /// No source is configured for the repository of the run.
    #[error("this server has no source of the repository `{repo}`")]
    UnknownRepo {
        /// The repository.
        repo: String,
    },
    /// No review has approved the run.
    #[error("the run is not approved")]
    NotApproved {
        /// What was decided instead, if anything was.
        decision: Option<ReviewDecisionStatus>,
    },
    /// What is there is not what was approved.
    #[error("`{}` is not what was approved", .file.path())]
    Void {
        /// The file that differs.
        file: ChangeFile,
    },
    /// There is nothing to push.
    #[error(transparent)]
    File(RunFileError),
    /// The branch is there and has another commit.
    #[error("the branch `{branch}` of `{repo}` has another commit")]
    BranchExists {
        /// The repository.
        repo: String,
        /// The branch.
        branch: BranchName,
    },
    /// The repository did not take it.
    #[error("`{repo}` refused the push: {message}")]
    Refused {
        /// The repository.
        repo: String,
        /// What git said, without anything about this machine.
        message: String,
    },
    /// git or this machine failed.
    #[error("failed to push")]
    Failed(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The database failed; what was pushed stays, and pushing again notes it.
    #[error("failed to read or note the push")]
    Store(#[from] StoreError),
}

impl From<RunViewError> for PushError {
    fn from(error: RunViewError) -> Self {
        Self::File(error.into())
    }
}

impl Tower {
    /// Pushes the commits of an approved run to the repository that they came from, on behalf of `by`; by default to the
    /// branch of its task. If the branch has them already, nothing happens.
    ///
    /// # Errors
    /// [`PushError`]; nothing was pushed, unless it is the database that failed.
    pub async fn run_push(
        &self,
        run: RunId,
        branch: Option<BranchName>,
        by: Principal,
        trace_id: TraceId,
    ) -> Result<Pushed, PushError> {
        let tower = self.clone();
        // A task of its own: whoever asked may go away in the middle, and what was pushed must be noted all the same.
        let pushed = tokio::spawn(async move { Box::pin(tower.push(run, branch, by, trace_id)).await });
        pushed.await.map_err(|error| PushError::Failed(error.into()))?
    }

    async fn push(
        &self,
        run: RunId,
        branch: Option<BranchName>,
        by: Principal,
        trace_id: TraceId,
    ) -> Result<Pushed, PushError> {
        let view = self.run_view(run).await?;
        let publisher = self.publisher().ok_or(PushError::Unavailable)?;
        let (place, subject) = approved(&view)?;
        let bundle = self.approved_bundle(place, subject).await?;
        let task = self.store().task_get(place.task_id).await?;
        let task = task.ok_or_else(|| StoreError::Corrupt { what: "the task of a run is missing".to_owned() })?;
        let repo = task.task.repo().as_str().to_owned();
        let branch = branch.unwrap_or_else(|| BranchName::of_task(place.task_id));
        let publication = Publication {
            repo: repo.clone(),
            run_key: run.to_string(),
            base_commit: subject.base_commit.clone(),
            head_commit: subject.head_commit.clone(),
            bundle: bundle.path().to_owned(),
            branch: branch.to_string(),
        };
        let answer = publisher.publish(&publication).await;
        let Published { created, remote } = answer.map_err(|error| refused(error, &repo, &branch))?;
        let commit = publication.head_commit;
        let push = NewPush {
            run_id: run,
            commit: commit.clone(),
            branch: branch.to_string(),
            remote,
            by: by.clone(),
            trace_id: trace_id.clone(),
        };
        // Also when nothing happened: a process may have died between the two.
        self.store().record_push(push).await?;
        log::info!(
            trace_id = trace_id.as_str(), run_id:% = run, task_id:% = place.task_id, repo = repo.as_str(),
            branch = branch.as_str(), commit = commit.as_str(), created = created, by = by.name();
            "run pushed"
        );
        Ok(Pushed { run_id: run, task_id: place.task_id, repo, branch, commit, created })
    }

    /// The bundle that was approved, in a file that only this process knows.
    async fn approved_bundle(&self, place: &RunPlace, subject: &Subject) -> Result<NamedTempFile, PushError> {
        match self.change_file(place, subject, ChangeFile::Patch).await {
            Ok(_) => {}
            // The bundle holds the commits, and is compared below.
            Err(RunFileError::NotPreserved { .. }) if is_named_by_commits(subject) => {}
            Err(error) => return Err(void(error, ChangeFile::Patch)),
        }
        let file = ChangeFile::Bundle;
        let opened = self.change_file(place, subject, file).await.map_err(|error| void(error, file))?;
        let copied = tokio::task::spawn_blocking(move || copy(opened.file)).await;
        let (copy, digest) =
            copied.map_err(io::Error::other).flatten().map_err(|error| PushError::Failed(error.into()))?;
        // It was compared when it was opened; whoever changed it since does not get it pushed.
        if Some(digest) == subject.bundle_digest { Ok(copy) } else { Err(PushError::Void { file }) }
    }
}

/// What of a run may be pushed.
fn approved(view: &RunView) -> Result<(&RunPlace, &Subject), PushError> {
    let place = view.place.as_ref().ok_or(PushError::NotApproved { decision: None })?;
    let decision = place.review.as_ref().map(|review| review.content.decision);
    let (Some(pack), Some(review), Some(ReviewDecisionStatus::Approved)) = (&place.evidence, &place.review, decision)
    else {
        return Err(PushError::NotApproved { decision });
    };
    let subject = changed(pack.content.subject.as_ref()).ok_or(PushError::File(RunFileError::NoChanges))?;
    if is_about(review, pack, subject) {
        Ok((place, subject))
    } else {
        Err(PushError::Void { file: ChangeFile::Patch })
    }
}

/// The store has compared these when the review was made; they are compared again where it matters most.
fn is_about(review: &ReviewDecision, pack: &EvidencePack, subject: &Subject) -> bool {
    review.content.for_evidence_pack.id == pack.id.into()
        && review.content.evidence_pack_digest == pack.digest
        && review.content.evidence_pack_digest == pack.content.digest()
        && review.content.diff_digest == Some(subject.diff_digest)
}

/// A file that differs from the evidence voids the approval.
fn void(error: RunFileError, file: ChangeFile) -> PushError {
    match error {
        RunFileError::Foreign { file } => PushError::Void { file },
        RunFileError::Trace(
            TraceAccessError::Altered { .. } | TraceAccessError::Open(_) | TraceAccessError::OpenFile(_),
        ) => PushError::Void { file },
        error => PushError::File(error),
    }
}

fn refused(error: PublishError, repo: &str, branch: &BranchName) -> PushError {
    let repo = repo.to_owned();
    match error {
        PublishError::UnknownRepo => PushError::UnknownRepo { repo },
        PublishError::BranchExists => PushError::BranchExists { repo, branch: branch.clone() },
        PublishError::Refused(message) => PushError::Refused { repo, message },
        // Its digest is the approved one, so that the evidence was wrong about it.
        PublishError::Bundle(cause) => {
            log::warn!(cause = cause.to_string().as_str(), repo = repo.as_str(); "an approved bundle cannot be used");
            PushError::Void { file: ChangeFile::Bundle }
        }
        PublishError::Failed(cause) => PushError::Failed(cause),
    }
}

fn copy(mut from: File) -> io::Result<(NamedTempFile, Sha256Digest)> {
    let mut copy = NamedTempFile::with_prefix("jct-push-")?;
    let (mut hash, mut piece) = (Sha256::new(), vec![0; PIECE]);
    loop {
        let read = from.read(&mut piece)?;
        let Some(bytes) = piece.get(..read).filter(|bytes| !bytes.is_empty()) else { break };
        hash.update(bytes);
        copy.write_all(bytes)?;
    }
    copy.flush()?;
    Ok((copy, Sha256Digest::from_bytes(hash.finalize().into())))
}
