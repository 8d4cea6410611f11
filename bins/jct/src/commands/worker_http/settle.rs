//! Tells the tower how a job ended.

use std::io;

use jct_exec::process::ProcessEnd;
use serde_json::{Value, json};

use super::calls::Calls;
use super::folder::JobFolder;
use super::heartbeat::Halt;
use super::job::LeasedJob;
use super::output::Printed;
use super::upload;
use crate::exit::Exit;
use crate::failure::Failure;

/// The exit status by which a command asks for another attempt (`EX_TEMPFAIL` of sysexits.h).
const WORTH_ANOTHER_ATTEMPT: i32 = 75;

/// What the command did.
pub(super) struct Ran<'r> {
    pub(super) end: ProcessEnd,
    /// Whether it was called off.
    pub(super) cancelled: Option<Halt>,
    pub(super) printed: &'r Printed,
    pub(super) folder: &'r JobFolder,
    /// Whether this worker was told to end at once.
    pub(super) hurried: bool,
}

/// How it went for the worker.
#[derive(Debug)]
pub(super) enum Settled {
    /// The tower took this end of the job.
    Told(&'static str),
    /// The job belongs to somebody else by now.
    Lost,
    /// The command cannot be started here, so that another job would fare no better.
    Unfit(String),
}

/// What to tell of a job.
enum Verdict {
    Completed,
    Cancelled,
    Failed { message: String, retryable: bool },
    Unfit(String),
}

/// Tells how the command ended, with everything that it left.
pub(super) async fn settle(job: &LeasedJob, calls: &Calls, ran: Ran<'_>) -> Settled {
    match verdict(&ran) {
        Verdict::Completed => match complete(job, calls, &ran).await {
            Ok(()) => Settled::Told("succeeded"),
            Err(failure) => after_refusal(job, calls, &failure).await,
        },
        Verdict::Cancelled => {
            let message = json!({ "message": "the command was ended" });
            told("cancelled", calls.end(job, "cancel/ack", message).await)
        }
        Verdict::Failed { message, retryable } => fail(job, calls, &message, retryable).await,
        Verdict::Unfit(message) => {
            fail(job, calls, &message, true).await;
            Settled::Unfit(message)
        }
    }
}

/// Gives back a job for which there is not even a folder.
pub(super) async fn unable(job: &LeasedJob, calls: &Calls, error: &io::Error) -> Settled {
    let message = format!("the worker cannot make a folder for the job: {error}");
    fail(job, calls, &message, true).await;
    Settled::Unfit(message)
}

fn verdict(ran: &Ran<'_>) -> Verdict {
    let failed = |message: String, retryable| Verdict::Failed { message, retryable };
    let why = || ran.printed.last_err().map(|line| format!(": {line}")).unwrap_or_default();
    match &ran.end {
        // What ran to its end, ran, whatever was asked for meanwhile.
        ProcessEnd::Exited { code: 0 } => Verdict::Completed,
        _ if ran.cancelled.is_some() => Verdict::Cancelled,
        ProcessEnd::Cancelled if ran.hurried => failed("the worker was told to end at once".to_owned(), true),
        ProcessEnd::Exited { code } => {
            failed(format!("the command ended with {code}{}", why()), *code == WORTH_ANOTHER_ATTEMPT)
        }
        ProcessEnd::Signalled { signal } => failed(format!("signal {signal} ended the command{}", why()), true),
        ProcessEnd::TimedOut => failed("the command took longer than this worker gives it".to_owned(), false),
        ProcessEnd::SpawnFailed(error) => Verdict::Unfit(format!("the command cannot be started: {error}")),
        ProcessEnd::Cancelled => failed("the command was ended".to_owned(), true),
        ProcessEnd::SandboxFailed { message, .. } => {
            Verdict::Unfit(format!("the command cannot be started: {message}"))
        }
        ProcessEnd::LimitHit { limit } => failed(format!("the command used more than it may: {limit:?}"), false),
    }
}

async fn complete(job: &LeasedJob, calls: &Calls, ran: &Ran<'_>) -> Result<(), Failure> {
    let unusable = |what: &str, error: &(dyn std::error::Error + 'static)| {
        Failure::caused(Exit::Refused, format!("the command left a {what} that cannot be taken"), error)
    };
    let result = ran.folder.result().map_err(|error| unusable("result", &error))?;
    let state = ran.folder.state().map_err(|error| unusable("state", &error))?;
    for left_out in upload::all(calls, job, &ran.folder.outputs()).await? {
        calls.event(job, "warn", &format!("not an artifact: {left_out}")).await?;
    }
    let mut body = json!({});
    // A command that sums up itself knows better.
    let summed_up = result.as_ref().is_some_and(|result| result.contains_key("summary"));
    let summary = ran.printed.last_out().filter(|_| !summed_up).map(Value::from);
    let state = state.filter(|_| job.job_type == "manifest").map(Value::Object);
    for (name, value) in [("resultSummary", summary), ("result", result.map(Value::Object)), ("manifestState", state)] {
        if let Some(value) = value {
            body[name] = value;
        }
    }
    calls.end(job, "complete", body).await
}

/// What becomes of a job whose end was not taken.
async fn after_refusal(job: &LeasedJob, calls: &Calls, failure: &Failure) -> Settled {
    match failure.exit() {
        Exit::NotFound | Exit::Unauthorized => Settled::Lost,
        // An artifact's name can be taken as well, by an earlier attempt, with the lease in place.
        exit => {
            let message = match failure {
                Failure::Told(report) => report.lines().join("; "),
                Failure::ReaderGone => "the outputs cannot be given to the tower".to_owned(),
            };
            fail(job, calls, &message, matches!(exit, Exit::Unavailable | Exit::Local)).await
        }
    }
}

async fn fail(job: &LeasedJob, calls: &Calls, message: &str, retryable: bool) -> Settled {
    const MESSAGE_MAX_CHARS: usize = 4_000;
    let message: String = message.chars().take(MESSAGE_MAX_CHARS).collect();
    let body = json!({ "errorMessage": message, "retryable": retryable });
    told(if retryable { "given back" } else { "failed" }, calls.end(job, "fail", body).await)
}

fn told(end: &'static str, answer: Result<(), Failure>) -> Settled {
    match answer {
        Ok(()) => Settled::Told(end),
        Err(failure) => {
            log::warn!(failure:? = failure; "the tower did not take the end of a job");
            Settled::Lost
        }
    }
}
