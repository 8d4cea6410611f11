//! Takes stock of the artifacts: cleans them of secrets first, hashes them last.

use jct_contract::{Clock, IssueId, RunId, Sha256Digest, SystemClock, TaskId};
use jct_cwom::task::{TraceFile, artifact_of};
use jct_evidence::scan::{Scanner, SecretFinding};
use jct_evidence::{ArtifactBytes, ArtifactFact};
use jct_exec::ExecutionRequest;

use crate::error::ProofError;
use crate::folder::{Artifacts, BUNDLE_FILE, FoundFile, Listed};

/// What came of a search for secrets.
#[derive(Debug, Default)]
pub(crate) struct Searched {
    pub(crate) found: Vec<SecretFinding>,
    /// What could not be searched, for people.
    pub(crate) unsearched: Vec<String>,
}

/// Clears the names that the prover writes under, and takes the secrets out of everything else that the executor left.
pub(crate) async fn clean(artifacts: &Artifacts, scanner: &Scanner) -> Result<Searched, ProofError> {
    let (artifacts, scanner) = (artifacts.clone(), scanner.clone());
    blocking("clean the artifacts", move || {
        artifacts.clear()?;
        let Listed { files, complete } = artifacts.files()?;
        // The bundle is compressed; what is in it is searched as the commits that it holds.
        let plain = files.iter().filter(|file| file.title != BUNDLE_FILE);
        let found = plain.map(|file| file.clean(&scanner)).collect::<std::io::Result<Vec<_>>>()?.concat();
        let unsearched = if complete { Vec::new() } else { vec!["artifacts beyond the first 10000".to_owned()] };
        Ok(Searched { found, unsearched })
    })
    .await
}

/// One fact for each file. Its digest is taken twice, the second time when all have been looked at: whatever still
/// writes into the folder shows.
pub(crate) async fn facts(artifacts: &Artifacts, request: &ExecutionRequest) -> Result<Vec<ArtifactFact>, ProofError> {
    let artifacts = artifacts.clone();
    let (task, attempt) = (request.task_id.parse::<TaskId>().ok(), request.attempt);
    blocking("read the artifacts", move || {
        let Listed { files, .. } = artifacts.files()?;
        let first: Vec<_> = files.iter().map(|file| file.digest().ok()).collect();
        Ok(files.iter().zip(first).map(|(file, first)| fact(file, bytes(first, file), task, attempt)).collect())
    })
    .await
}

fn bytes(first: Option<Sha256Digest>, file: &FoundFile) -> ArtifactBytes {
    match (first, file.digest()) {
        (Some(first), Ok(second)) if first == second => ArtifactBytes::Verified(first),
        (Some(_), Ok(_)) => ArtifactBytes::Altered,
        _ => ArtifactBytes::Missing,
    }
}

/// Named and typed as the work object that the file will become.
fn fact(file: &FoundFile, bytes: ArtifactBytes, task: Option<TaskId>, attempt: u32) -> ArtifactFact {
    let now = SystemClock.now();
    let path = format!("artifacts/{}", file.title);
    let digest = match bytes {
        ArtifactBytes::Verified(digest) => digest,
        ArtifactBytes::Missing | ArtifactBytes::Altered => Sha256Digest::of(b""),
    };
    let trace_file = TraceFile {
        task: task.unwrap_or_else(|| TaskId::at(now)),
        attempt,
        path: &path,
        size_bytes: file.size_bytes,
        digest,
    };
    let artifact = artifact_of(&trace_file, RunId::at(now), IssueId::at(now));
    ArtifactFact { title: file.title.clone(), kind: artifact.type_, uri: artifact.uri, bytes }
}

/// Runs file operations where they may block.
pub(crate) async fn blocking<T: Send + 'static>(
    action: &'static str,
    work: impl FnOnce() -> std::io::Result<T> + Send + 'static,
) -> Result<T, ProofError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(std::io::Error::other).flatten().map_err(ProofError::files(action))
}
