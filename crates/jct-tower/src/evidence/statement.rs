//! The statement about a run, put together from what the tower keeps of it.

use std::io::Read;

use jct_contract::{IssueId, RunId, Sha256Digest};
use jct_cwom::{EvidencePack, ReviewDecision, Run, Subject};
use jct_evidence::attestation::{
    Admission, Attempt, CommitFact, CommitId, Evidence, InvalidCommitId, Resource, ResourceDigest, Review,
    RunPredicate, RunStatement, Task,
};
use jct_store::StoreError;
use jct_store::model::{AttemptRecord, Holder, TaskRecord};

use crate::Tower;
use crate::runs::{RunView, RunViewError, changed};
use crate::tasks::{SealedFolder, TraceAccessError};

/// Where the commits of a run are listed in its trace.
const COMMITS: &str = "artifacts/commits.json";
/// No list of commits is larger.
const COMMITS_MAX_BYTES: u64 = 16 << 20;

/// Why there is no statement.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StatementError {
    /// There is no such run.
    #[error("no such run")]
    NotFound,
    /// Nobody has looked at the run yet, or nobody ever will: it is no attempt at a task.
    #[error("there is no evidence of the run")]
    NoEvidence,
    /// The trace of the run cannot be read; without it the statement could not name its files.
    #[error("failed to read the trace of the run")]
    Trace(#[source] TraceAccessError),
    /// The list of commits in the trace is none.
    #[error("`{COMMITS}` is no list of commits")]
    Commits(#[source] serde_json::Error),
    /// A commit has no id.
    #[error("the evidence names a commit that is none")]
    Commit(#[from] InvalidCommitId),
    /// The database failed.
    #[error("failed to read the run")]
    Store(#[from] StoreError),
}

impl From<RunViewError> for StatementError {
    fn from(error: RunViewError) -> Self {
        match error {
            RunViewError::NotFound => Self::NotFound,
            RunViewError::Store(error) => Self::Store(error),
        }
    }
}

impl Tower {
    /// What the tower says about a run: what was asked, what let it run, what came of it, who found it good.
    ///
    /// # Errors
    /// [`StatementError`].
    pub async fn evidence_statement(&self, run: RunId) -> Result<RunStatement, StatementError> {
        let RunView { run, place, issue: _ } = self.run_view(run).await?;
        let mut place = place.ok_or(StatementError::NoEvidence)?;
        let (pack, review) = (place.evidence.take().ok_or(StatementError::NoEvidence)?, place.review.take());
        let lost = |what: &str| StatementError::Store(StoreError::Corrupt { what: format!("{what} is missing") });
        let task = self.store().task_get(place.task_id).await?.ok_or_else(|| lost("the task of a run"))?;
        let admission = self.store().task_admission(place.task_id).await?.ok_or_else(|| lost("an admission"))?;
        let attempts = self.store().task_attempts(place.task_id).await?;
        let attempt = attempts.into_iter().find(|attempt| attempt.ordinal == place.attempt);
        let attempt = attempt.ok_or_else(|| lost("the attempt of a run"))?;
        let sealed = self.sealed(&attempt, &task).await?;
        let subject = pack.content.subject.clone();
        let commits = match &sealed {
            Some(sealed) if changed(subject.as_ref()).is_some() => self.commits(sealed, &task).await?,
            _ => Vec::new(),
        };
        let repo = task.task.repo().as_str();
        let predicate = RunPredicate {
            tower: self.store().audit_origin().await?,
            admission: Admission {
                decision_id: admission.decision_id.to_string(),
                policy_digest: admission.policy_digest,
                input_digest: admission.input_digest,
            },
            run: attempt_of(&run, &task, &attempt, &pack),
            task: task_of(&task),
            materials: subject
                .as_ref()
                .map(|subject| commit(repo, &subject.base_commit))
                .transpose()?
                .into_iter()
                .collect(),
            commits,
            evidence: evidence_of(pack),
            review: review.map(review_of),
        };
        Ok(RunStatement::new(subjects(repo, subject.as_ref(), sealed.as_ref())?, predicate))
    }

    /// The sealed trace of an attempt, if it left one.
    async fn sealed(&self, attempt: &AttemptRecord, task: &TaskRecord) -> Result<Option<SealedFolder>, StatementError> {
        match self.task_trace(task.id, Some(attempt.ordinal)).await {
            Ok(sealed) => Ok(Some(sealed)),
            Err(TraceAccessError::NotSealed) => Ok(None),
            Err(error) => Err(StatementError::Trace(error)),
        }
    }

    /// The commits of a run as its trace lists them; none if it does not.
    async fn commits(&self, sealed: &SealedFolder, task: &TaskRecord) -> Result<Vec<CommitFact>, StatementError> {
        let file = match self.task_trace_file(task.id, Some(sealed.attempt), COMMITS.to_owned()).await {
            Ok(file) => file.file,
            Err(TraceAccessError::FileNotFound) => return Ok(Vec::new()),
            Err(error) => return Err(StatementError::Trace(error)),
        };
        let read = tokio::task::spawn_blocking(move || {
            let mut bytes = Vec::new();
            file.take(COMMITS_MAX_BYTES).read_to_end(&mut bytes).map(|_| bytes)
        });
        let bytes = read.await.map_err(|error| StatementError::Trace(TraceAccessError::Abandoned(error)))?;
        let bytes = bytes
            .map_err(|error| StatementError::Trace(TraceAccessError::OpenFile(jct_trace::OpenFileError::Io(error))))?;
        serde_json::from_slice(&bytes).map_err(StatementError::Commits)
    }
}

fn task_of(record: &TaskRecord) -> Task {
    let mut spec = serde_json::to_value(&record.task).unwrap_or_default();
    // No part of what was decided about: the digest is taken without it.
    spec.as_object_mut().map(|members| members.remove("idempotency_key"));
    Task { id: record.id, spec, digest: record.task.digest() }
}

fn attempt_of(run: &Run, task: &TaskRecord, attempt: &AttemptRecord, pack: &EvidencePack) -> Attempt {
    let (Holder::Worker { name: worker, .. } | Holder::External { principal: worker }) = &attempt.holder;
    let trace = attempt.end.as_ref().and_then(|end| end.trace.as_ref());
    let manifest = trace.and_then(|trace| trace.manifest_digest.as_ref());
    Attempt {
        id: run.id,
        issue_id: IssueId::from_uuid(pack.content.for_issue.id.as_uuid()),
        trace_id: task.trace_id.clone(),
        attempt: attempt.ordinal,
        worker: worker.clone(),
        executor: task.task.executor().as_str().to_owned(),
        started_at: Some(attempt.started_at),
        ended_at: attempt.end.as_ref().map(|end| end.ended_at),
        manifest_digest: manifest.and_then(|digest| digest.parse::<Sha256Digest>().ok()),
    }
}

fn evidence_of(pack: EvidencePack) -> Evidence {
    let EvidencePack { id, content, digest, trace_id: _, evaluated_at } = pack;
    Evidence { id, pack: content, digest, evaluated_at }
}

fn review_of(review: ReviewDecision) -> Review {
    let ReviewDecision { id, content, record, trace_id: _, reviewed_at } = review;
    Review { id, decision: content, record, reviewed_at }
}

/// The commit that the run led to, and every file of its sealed trace.
fn subjects(
    repo: &str,
    subject: Option<&Subject>,
    sealed: Option<&SealedFolder>,
) -> Result<Vec<Resource>, InvalidCommitId> {
    let mut found = Vec::new();
    if let Some(subject) = changed(subject) {
        found.push(commit(repo, &subject.head_commit)?);
    }
    let files = sealed.into_iter().flat_map(|sealed| sealed.folder.list_files());
    found.extend(
        files.map(|file| Resource { name: file.path.as_str().to_owned(), digest: ResourceDigest::Sha256(file.digest) }),
    );
    Ok(found)
}

fn commit(repo: &str, id: &str) -> Result<Resource, InvalidCommitId> {
    Ok(Resource { name: repo.to_owned(), digest: ResourceDigest::GitCommit(id.parse::<CommitId>()?) })
}
