//! Runs the commands in order in a session, records how each ended, hands over what they changed.

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::{Value, json};

use super::input::{Argv, commands};
use crate::executor::{Execution, ExecutionIo, ExecutionRequest, Executor, FailureReason, JsonObject, Stop};
use crate::process::{ProcessEnd, ProcessOutcome};
use crate::session::{Session, Workshop};

/// Runs `inputs.command` in a fresh checkout, in the sandbox. The first command that does not exit with status 0
/// ends the attempt. What the commands changed is handed over when all of them succeeded.
///
/// A command sees `PATH`, `LANG`, a private `HOME` and `TMPDIR`, the variables that the operator passes on,
/// `JCT_TASK_ID`, `JCT_ATTEMPT` and `JCT_TRACE_ID`, and `JCT_ARTIFACTS`, the folder for files to keep. How it was
/// isolated stands in the output as `isolation`. With `inputs.network = "local"` it has a loopback interface of its own,
/// else no network.
#[derive(Debug)]
pub struct CommandExecutor {
    workshop: Arc<Workshop>,
}

impl CommandExecutor {
    /// The name that tasks use.
    pub const NAME: &'static str = "command";

    /// Works with the repositories and the sandbox of `workshop`.
    pub fn new(workshop: impl Into<Arc<Workshop>>) -> Self {
        Self { workshop: workshop.into() }
    }

    async fn attempt(&self, request: &ExecutionRequest, io: &ExecutionIo, output: &mut JsonObject) -> Result<(), Stop> {
        let bounds = io.bounds(request.time_budget);
        let commands = commands(&request.inputs).map_err(|error| Stop::failed(FailureReason::InvalidInput, error))?;
        let mut session = Session::open(&self.workshop, request, io, bounds).await?;
        output.insert("commit".to_owned(), session.base_commit().into());
        let ended = work(&mut session, io, &commands, output).await;
        output.insert("truncated".to_owned(), session.capture().is_truncated().into());
        session.end(&ended).await;
        ended
    }
}

async fn work(session: &mut Session, io: &ExecutionIo, commands: &[Argv], output: &mut JsonObject) -> Result<(), Stop> {
    let mut records = Vec::new();
    let mut stop = None;
    for (index, argv) in commands.iter().enumerate() {
        let what = format!("command {} of {} (`{}`)", index + 1, commands.len(), argv.shown());
        io.progress(percent(index, commands.len()), &format!("running {what}"));
        session.capture().system(format!("running {what}"));
        let outcome = session.run(&session.command(&argv.program, &argv.arguments)).await;
        records.push(record(argv, &outcome));
        stop = Stop::of_command(&outcome.end, &what);
        if stop.is_some() {
            break;
        }
    }
    output.insert("commands".to_owned(), Value::Array(records));
    if let Some(stop) = stop {
        return Err(stop);
    }
    let handover = session.hand_over().await?;
    output.insert("head_commit".to_owned(), handover.head_commit.into());
    Ok(())
}

#[async_trait]
impl Executor for CommandExecutor {
    fn name(&self) -> &str {
        Self::NAME
    }

    async fn run(&self, request: &ExecutionRequest, io: &ExecutionIo) -> Execution {
        let mut output = JsonObject::from_iter([
            ("executor".to_owned(), Self::NAME.into()),
            ("isolation".to_owned(), Value::Null),
            ("repo".to_owned(), request.repo.as_str().into()),
            ("ref".to_owned(), request.reference.as_str().into()),
            ("path".to_owned(), request.path.as_str().into()),
        ]);
        let ended = self.attempt(request, io, &mut output).await;
        output.insert("isolation".to_owned(), json!(io.record().isolation()));
        match ended {
            Ok(()) => {
                io.progress(Some(100), "all commands succeeded");
                Execution::Completed { output }
            }
            Err(stop) => stop.with_output(output),
        }
    }
}

fn record(argv: &Argv, outcome: &ProcessOutcome) -> Value {
    let (exit_code, signal, ended) = match &outcome.end {
        ProcessEnd::Exited { code } => (Some(*code), None, "exited"),
        ProcessEnd::Signalled { signal } => (None, Some(*signal), "signalled"),
        ProcessEnd::TimedOut => (None, None, "timed_out"),
        ProcessEnd::Cancelled => (None, None, "cancelled"),
        ProcessEnd::SpawnFailed(_) => (None, None, "not_started"),
        ProcessEnd::SandboxFailed { .. } => (None, None, "sandbox_failed"),
        ProcessEnd::LimitHit { .. } => (None, None, "limit_hit"),
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
