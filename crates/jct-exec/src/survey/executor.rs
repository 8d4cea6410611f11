//! Fetches, exports the files, reads them and their history, writes the report.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::job::{Job, findings};
use super::markdown::markdown;
use super::report::{AuthorLine, CommitLine, REPORT_FORMAT, Report, Subject};
use crate::confine::{PathError, confine};
use crate::executor::{
    Execution, ExecutionIo, ExecutionRequest, Executor, FailureReason, JsonObject, Stop, with_causes,
};
use crate::git::{Author, Commit, RepoCache, Snapshot};
use crate::process::Bounds;
use crate::sandbox::Sandbox;
use crate::workspace::Workspace;

const MOST_COMMITS: usize = 20;
const MOST_AUTHORS: usize = 100;
/// Languages named in the summary.
const SHOWN_LANGUAGES: usize = 5;

/// Reports on `target.repo` at `target.ref`, restricted to `target.path`: `report.md` and
/// `report.json` among the artifacts, a summary as output. Reads no `inputs`.
#[derive(Debug)]
pub struct SurveyExecutor {
    cache: Arc<RepoCache>,
    sandbox: Sandbox,
}

impl SurveyExecutor {
    /// The name that tasks use.
    pub const NAME: &'static str = "survey";

    /// Takes its repositories from `cache`, and reads what is in them in the worker itself.
    pub fn new(cache: Arc<RepoCache>) -> Self {
        Self { cache, sandbox: Sandbox::unconfined() }
    }

    /// Reads what is in repositories inside this sandbox.
    #[must_use]
    pub fn confined(mut self, sandbox: Sandbox) -> Self {
        self.sandbox = sandbox;
        self
    }

    async fn attempt(&self, request: &ExecutionRequest, io: &ExecutionIo, output: &mut JsonObject) -> Result<(), Stop> {
        // Ends the blocking half too when this future is dropped.
        let cancel = io.cancellation().child_token();
        let _ends_with_this_future = cancel.clone().drop_guard();
        let bounds = io.bounds_until(request.time_budget, cancel);
        let capture = io.capture();

        let workspace = Workspace::create_async(io.workspaces()).await?;
        let job =
            Job { request, io, bounds: &bounds, workspace: &workspace, sandbox: &self.sandbox, capture: &capture };
        let report = self.survey(&job).await;
        if let Err(error) = workspace.close().await {
            log::warn!(task_id = request.task_id, attempt = request.attempt; "{}", with_causes(&error));
        }
        let report = report?;

        io.progress(Some(95), "writing the report");
        output.extend(summary(&report));
        write_artifacts(io.artifacts(), report).await?;
        capture.system("wrote report.md and report.json");
        Ok(())
    }

    async fn survey(&self, job: &Job<'_>) -> Result<Report, Stop> {
        let Job { request, io, bounds, workspace, sandbox: _, capture } = job;
        io.progress(Some(0), "fetching the repository");
        let (repo, reference) = (&request.repo, &request.reference);
        let snapshot = self.cache.snapshot(repo, reference, bounds).await?;
        let commit = snapshot.commit();
        capture.system(format!("surveying {repo} at {commit}"));
        let root = workspace.checkout();
        snapshot.export(&root, &workspace.temporary().join("index"), bounds).await?;
        let (folder, path) = surveyed_folder(&root, &request.path)?;

        io.progress(Some(20), "reading the history");
        let (commits, authors) = history(&snapshot, &path, bounds).await?;

        let found = findings(job, &folder).await?;
        capture.system(format!("read {} files", found.totals.files));
        Ok(Report {
            format: REPORT_FORMAT,
            subject: Subject {
                repo: repo.clone(),
                reference: reference.clone(),
                commit: commit.to_owned(),
                path,
                objective: request.objective.clone(),
            },
            languages: found.languages,
            totals: found.totals,
            largest_files: found.largest_files,
            licences: found.licences,
            commits,
            authors,
            markers: found.markers,
            manifests: found.manifests,
            limits_reached: found.limits_reached,
        })
    }
}

#[async_trait]
impl Executor for SurveyExecutor {
    fn name(&self) -> &str {
        Self::NAME
    }

    async fn run(&self, request: &ExecutionRequest, io: &ExecutionIo) -> Execution {
        let mut output = JsonObject::from_iter([("executor".to_owned(), Self::NAME.into())]);
        match self.attempt(request, io, &mut output).await {
            Ok(()) => {
                io.progress(Some(100), "the report is written");
                Execution::Completed { output }
            }
            Err(stop) => stop.with_output(output),
        }
    }
}

/// The folder, and its path from the root as git knows it: links in the asked path are resolved.
fn surveyed_folder(root: &Path, path: &str) -> Result<(PathBuf, String), Stop> {
    let unreadable = |error: io::Error| Stop::failed(FailureReason::WorkspaceFailed, error);
    let folder = confine(root, path).map_err(|error| match error {
        PathError::Unreadable(cause) => unreadable(cause),
        other => Stop::failed(FailureReason::PathNotFound, other),
    })?;
    let root = root.canonicalize().map_err(unreadable)?;
    let inside = folder.strip_prefix(&root).unwrap_or(&folder);
    let inside = inside.to_string_lossy().into_owned();
    Ok((folder, inside))
}

async fn history(snapshot: &Snapshot, path: &str, bounds: &Bounds) -> Result<(Vec<CommitLine>, Vec<AuthorLine>), Stop> {
    let commit = |commit: Commit| CommitLine {
        id: commit.id,
        authored_at: Timestamp::from_second(commit.authored_at).ok().map(|t| t.to_string()),
        author: commit.author,
        subject: commit.subject,
    };
    let author = |author: Author| AuthorLine { name: author.name, commits: author.commits };
    let commits = snapshot.history(path, MOST_COMMITS, bounds).await?;
    let authors = snapshot.authors(path, bounds).await?;
    let commits = commits.into_iter().map(commit).collect();
    Ok((commits, authors.into_iter().take(MOST_AUTHORS).map(author).collect()))
}

async fn write_artifacts(folder: &Path, report: Report) -> Result<(), Stop> {
    let folder = folder.to_owned();
    let write = move || {
        let json = serde_json::to_vec_pretty(&report)?;
        File::create_new(folder.join("report.json"))?.write_all(&json)?;
        File::create_new(folder.join("report.md"))?.write_all(markdown(&report).as_bytes())
    };
    let written = tokio::task::spawn_blocking(write).await.map_err(io::Error::other).flatten();
    written.map_err(|error| Stop::failed(FailureReason::ArtifactFailed, format!("failed to write the report: {error}")))
}

fn summary(report: &Report) -> JsonObject {
    let languages: Vec<Value> =
        report.languages.iter().take(SHOWN_LANGUAGES).map(|l| json!({"name": l.name, "lines": l.lines})).collect();
    let licences: Vec<&str> = report.licences.iter().map(|l| l.licence.as_str()).collect();
    let dependencies: u64 = report.manifests.iter().filter_map(|m| m.dependencies).sum();
    let pairs = [
        ("repo", json!(report.subject.repo)),
        ("ref", json!(report.subject.reference)),
        ("path", json!(report.subject.path)),
        ("commit", json!(report.subject.commit)),
        ("files", json!(report.totals.files)),
        ("lines", json!(report.totals.lines)),
        ("bytes", json!(report.totals.bytes)),
        ("languages", Value::Array(languages)),
        ("licences", json!(licences)),
        ("authors", json!(report.authors.len())),
        ("markers", json!(report.markers.total)),
        ("manifests", json!(report.manifests.len())),
        ("dependencies", json!(dependencies)),
        ("limits_reached", json!(report.limits_reached)),
        ("artifacts", json!(["report.md", "report.json"])),
    ];
    pairs.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}
