//! The executor `manifest`.

use std::sync::Arc;

use async_trait::async_trait;
use jct_exec::{
    Execution, ExecutionIo, ExecutionRequest, Executor, FailureReason, JsonObject, RepoCache, Stop, Workspace,
};
use serde_json::json;
use tokio::task::spawn_blocking;

use crate::control::{Control, Stage};
use crate::options::IngestOptions;
use crate::plan::{self, Origin, Plan};
use crate::report::Report;
use crate::run::{Ended, run};
use crate::source::{OpenedSource, open, serve};
use crate::state::State;

/// Runs manifests. Reads the task's manifest and `inputs.manifest_job`, and no other input.
#[derive(Debug)]
pub struct ManifestExecutor {
    options: IngestOptions,
    cache: Arc<RepoCache>,
}

impl ManifestExecutor {
    /// The name that tasks use.
    pub const NAME: &'static str = "manifest";

    /// Reads what `options` allow, and repositories from `cache`.
    #[must_use]
    pub fn new(options: IngestOptions, cache: Arc<RepoCache>) -> Self {
        Self { options, cache }
    }

    async fn attempt(&self, request: &ExecutionRequest, io: &ExecutionIo, output: &mut JsonObject) -> Result<(), Stop> {
        // Ends the blocking half too when this future is dropped.
        let cancel = io.cancellation().child_token();
        let _ends_with_this_future = cancel.clone().drop_guard();
        let control = Control::new(request.time_budget, cancel, io.clone());
        let capture = io.capture();

        control.progress(0, Stage::Validate, "checking the manifest");
        let (plan, state) = self.plan(request).await?;
        capture.system(format!("{}: {} with {} data sources", Stage::Validate, plan.hash, plan.sources.len()));

        self.serve(&plan).await?;
        let has_repositories = plan.sources.iter().any(|source| matches!(source.origin, Origin::Repository { .. }));
        let workspace = if has_repositories { Some(workspace(io).await?) } else { None };
        let ended = self.run(plan, state, workspace.as_ref(), &control).await;
        if let Some(Err(error)) = close(workspace).await {
            log::warn!(task_id = request.task_id, attempt = request.attempt; "{error}");
        }
        let Ended { report, files, usage, result } = ended?;

        output.extend(summary(&report, &files));
        if let Some(usage) = usage {
            io.record().add_usage(usage);
        }
        for problem in &report.problems {
            let document = problem.document.as_deref().map(|document| format!(" `{}`", document.escape_debug()));
            capture.system(format!("`{}`{}: {}", problem.source, document.unwrap_or_default(), problem.message));
        }
        let state = result?;
        let totals = &report.totals;
        capture.system(format!("{}: {} documents, {} changed", Stage::Write, totals.documents, totals.changed));
        if let Some(state) = state {
            io.record().keep_manifest_state(state);
        }
        Ok(())
    }

    async fn plan(&self, request: &ExecutionRequest) -> Result<(Plan, State), Stop> {
        let (request, options) = (request.clone(), self.options.clone());
        let read = move || {
            let plan = plan::read(&request, &options)?;
            let kept = request.manifest.as_ref().and_then(|manifest| manifest.state.as_deref());
            let state = match kept.map(State::parse) {
                None => State::default(),
                Some(Ok(state)) => state,
                Some(Err(_)) if plan.force_full => State::default(),
                Some(Err(error)) => {
                    let message = format!("{error}; a run with `forceFull` does without it");
                    return Err(Stop::failed(FailureReason::InvalidInput, message));
                }
            };
            Ok((plan, state))
        };
        spawn_blocking(read).await.unwrap_or_else(|error| Err(broken(&error)))
    }

    async fn serve(&self, plan: &Plan) -> Result<(), Stop> {
        let (sources, roots) = (plan.sources.clone(), self.options.local_roots.clone());
        let cache = self.cache.clone();
        let judged = spawn_blocking(move || serve(&sources, &roots, cache.sources())).await;
        judged.unwrap_or_else(|error| Err(broken(&error)))
    }

    async fn run(
        &self,
        plan: Plan,
        state: State,
        workspace: Option<&Workspace>,
        control: &Control,
    ) -> Result<Ended, Stop> {
        let mut sources: Vec<OpenedSource> = Vec::with_capacity(plan.sources.len());
        let places = (self.options.local_roots.as_slice(), self.cache.as_ref());
        for (index, source) in plan.sources.iter().enumerate() {
            sources.push(open(source.clone(), index, places, workspace, control).await?);
        }
        let (endpoint, control) = (self.options.endpoint.clone(), control.clone());
        let work = move || run(&plan, sources, state, endpoint.as_ref(), &control);
        spawn_blocking(work).await.map_err(|error| broken(&error))
    }
}

#[async_trait]
impl Executor for ManifestExecutor {
    fn name(&self) -> &str {
        Self::NAME
    }

    async fn run(&self, request: &ExecutionRequest, io: &ExecutionIo) -> Execution {
        let mut output = JsonObject::from_iter([("executor".to_owned(), Self::NAME.into())]);
        match self.attempt(request, io, &mut output).await {
            Ok(()) => {
                io.progress(Some(100), "the manifest has run");
                Execution::Completed { output }
            }
            Err(stop) => stop.with_output(output),
        }
    }
}

async fn workspace(io: &ExecutionIo) -> Result<Workspace, Stop> {
    let root = io.workspaces().to_owned();
    let made = spawn_blocking(move || Workspace::create(&root)).await.map_err(|error| broken(&error))?;
    made.map_err(|error| broken(&error))
}

async fn close(workspace: Option<Workspace>) -> Option<Result<(), jct_exec::WorkspaceError>> {
    match workspace {
        Some(workspace) => Some(workspace.close().await),
        None => None,
    }
}

fn broken(error: &dyn std::fmt::Display) -> Stop {
    Stop::failed(FailureReason::WorkspaceFailed, format!("the run of the manifest broke off: {error}"))
}

/// What came of the run, in one sentence: the summary that whoever asks for the job gets to see.
fn in_words(report: &Report) -> String {
    let totals = &report.totals;
    let mut text = format!(
        "{} documents: {} changed, {} unchanged, {} deleted, {} skipped, {} failed; {} chunks",
        totals.documents,
        totals.changed,
        totals.unchanged,
        totals.deleted,
        totals.skipped,
        totals.failed,
        totals.chunks
    );
    if report.vectors {
        text.push_str(&format!(", {} with vectors", totals.chunks_embedded));
    }
    match report.problems_left_out.saturating_add(u64::try_from(report.problems.len()).unwrap_or(u64::MAX)) {
        0 => {}
        1 => text.push_str("; 1 problem"),
        more => text.push_str(&format!("; {more} problems")),
    }
    text
}

/// The task's result.
fn summary(report: &Report, files: &[&'static str]) -> JsonObject {
    let totals = &report.totals;
    let sources: Vec<_> =
        report.sources.iter().map(|source| json!({ "id": source.id, "complete": source.complete })).collect();
    let pairs = [
        ("summary", json!(in_words(report))),
        ("manifest", json!(report.manifest)),
        ("manifest_hash", json!(report.manifest_hash)),
        ("action", json!(report.action)),
        ("documents", json!(totals.documents)),
        ("changed", json!(totals.changed)),
        ("unchanged", json!(totals.unchanged)),
        ("deleted", json!(totals.deleted)),
        ("skipped", json!(totals.skipped)),
        ("failed", json!(totals.failed)),
        ("bytes", json!(totals.bytes)),
        ("chunks", json!(totals.chunks)),
        ("chunks_embedded", json!(totals.chunks_embedded)),
        ("embedding_calls_estimated", json!(report.embedding_calls_estimated)),
        ("vectors", json!(report.vectors)),
        ("cut_by_max_docs", json!(report.cut_by_max_docs)),
        ("problems", json!(report.problems.len())),
        ("sources", json!(sources)),
        ("artifacts", json!(files)),
    ];
    pairs.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}
