//! Checks out, runs the commands in order, records how each ended.

use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use serde_json::{Value, json};

use super::input::{Argv, commands};
use crate::confine::{PathError, confine};
use crate::executor::{
    Execution, ExecutionIo, ExecutionRequest, Executor, FailureReason, JsonObject, Stop, with_causes,
};
use crate::git::RepoCache;
use crate::process::{Bounds, Capture, CommandSpec, Environment, ProcessEnd, ProcessOutcome, run};
use crate::workspace::Workspace;

/// Runs `inputs.command` in a fresh checkout. The first command that does not exit with status 0
/// ends the attempt.
///
/// A command sees `PATH`, `LANG`, a private `HOME` and `TMPDIR`, the variables that the operator
/// passes on, and `JCT_TASK_ID`, `JCT_ATTEMPT` and `JCT_TRACE_ID`. It runs as the worker's user: the
/// output says so with `"isolation": "none"`.
#[derive(Debug)]
pub struct CommandExecutor {
    cache: Arc<RepoCache>,
    passed_variables: Vec<String>,
}

impl CommandExecutor {
    /// The name that tasks use.
    pub const NAME: &'static str = "command";

    /// Takes its checkouts from `cache`.
    pub fn new(cache: Arc<RepoCache>) -> Self {
        Self { cache, passed_variables: Vec::new() }
    }

    /// Passes these variables of the worker's own environment on to commands, where they are set.
    /// None by default.
    #[must_use]
    pub fn passing_variables(mut self, names: impl IntoIterator<Item = String>) -> Self {
        self.passed_variables = names.into_iter().collect();
        self
    }

    async fn attempt(&self, request: &ExecutionRequest, io: &ExecutionIo, output: &mut JsonObject) -> Result<(), Stop> {
        let bounds = Bounds::new(request.time_budget, io.cancellation().clone());
        let commands = commands(&request.inputs).map_err(|error| Stop::failed(FailureReason::InvalidInput, error))?;
        let workspace = Workspace::create_async(io.workspaces()).await?;
        let job = Job { request, io, bounds, capture: io.capture(), workspace: &workspace };
        let ended = self.in_workspace(&job, &commands, output).await;
        output.insert("truncated".to_owned(), job.capture.is_truncated().into());
        if let Err(error) = workspace.close().await {
            log::warn!(task_id = request.task_id, attempt = request.attempt; "{}", with_causes(&error));
        }
        ended
    }

    async fn in_workspace(&self, job: &Job<'_>, commands: &[Argv], output: &mut JsonObject) -> Result<(), Stop> {
        job.io.progress(Some(0), "fetching the repository");
        let (repo, reference) = (&job.request.repo, &job.request.reference);
        let checkout = job.workspace.checkout();
        let commit = self.cache.checkout(repo, reference, &checkout, &job.bounds).await?;
        output.insert("commit".to_owned(), commit.as_str().into());
        job.capture.system(format!("checked out {repo} at {commit}"));
        let folder = confine(&checkout, &job.request.path).map_err(|error| {
            let reason = match error {
                PathError::Outside(_) | PathError::NotAFolder(_) => FailureReason::PathNotFound,
                PathError::Unreadable(_) => FailureReason::WorkspaceFailed,
            };
            Stop::failed(reason, with_causes(&error))
        })?;

        let environment = self.environment(job);
        let mut records = Vec::new();
        let mut stop = None;
        for (index, argv) in commands.iter().enumerate() {
            let what = format!("command {} of {} (`{}`)", index + 1, commands.len(), argv.shown());
            job.io.progress(percent(index, commands.len()), &format!("running {what}"));
            job.capture.system(format!("running {what}"));
            let outcome = job.run(argv, &folder, &environment).await;
            records.push(record(argv, &outcome));
            stop = Stop::of_command(&outcome.end, &what);
            if stop.is_some() {
                break;
            }
        }
        output.insert("commands".to_owned(), Value::Array(records));
        stop.map_or(Ok(()), Err)
    }

    fn environment(&self, job: &Job<'_>) -> Environment {
        Environment::clean(&job.workspace.home(), &job.workspace.temporary())
            .passing(&self.passed_variables)
            .with("JCT_TASK_ID", &job.request.task_id)
            .with("JCT_ATTEMPT", job.request.attempt.to_string())
            .with("JCT_TRACE_ID", &job.request.trace_id)
    }
}

#[async_trait]
impl Executor for CommandExecutor {
    fn name(&self) -> &str {
        Self::NAME
    }

    async fn run(&self, request: &ExecutionRequest, io: &ExecutionIo) -> Execution {
        let mut output = JsonObject::from_iter([
            ("executor".to_owned(), Self::NAME.into()),
            ("isolation".to_owned(), "none".into()),
            ("repo".to_owned(), request.repo.as_str().into()),
            ("ref".to_owned(), request.reference.as_str().into()),
            ("path".to_owned(), request.path.as_str().into()),
        ]);
        match self.attempt(request, io, &mut output).await {
            Ok(()) => {
                io.progress(Some(100), "all commands succeeded");
                Execution::Completed { output }
            }
            Err(stop) => stop.with_output(output),
        }
    }
}

/// What all steps of one attempt share.
struct Job<'a> {
    request: &'a ExecutionRequest,
    io: &'a ExecutionIo,
    bounds: Bounds,
    capture: Capture,
    workspace: &'a Workspace,
}

impl Job<'_> {
    async fn run(&self, argv: &Argv, folder: &PathBuf, environment: &Environment) -> ProcessOutcome {
        let command = CommandSpec::new(&argv.program, folder, environment.clone())
            .args(&argv.arguments)
            .marked(self.workspace.marker().clone());
        run(&command, &self.bounds, &self.capture).await
    }
}

fn record(argv: &Argv, outcome: &ProcessOutcome) -> Value {
    let (exit_code, signal, ended) = match &outcome.end {
        ProcessEnd::Exited { code } => (Some(*code), None, "exited"),
        ProcessEnd::Signalled { signal } => (None, Some(*signal), "signalled"),
        ProcessEnd::TimedOut => (None, None, "timed_out"),
        ProcessEnd::Cancelled => (None, None, "cancelled"),
        ProcessEnd::SpawnFailed(_) => (None, None, "not_started"),
    };
    json!({
        "argv": argv.to_json(),
        "ended": ended,
        "exit_code": exit_code,
        "signal": signal,
        "duration_ms": u64::try_from(outcome.duration.as_millis()).unwrap_or(u64::MAX),
    })
}

fn percent(done: usize, all: usize) -> Option<u8> {
    u8::try_from(done * 100 / all.max(1)).ok()
}
