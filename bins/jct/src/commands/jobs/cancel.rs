//! `jct jobs cancel`: calls off a job that has not ended.

use clap::Args;
use serde_json::{Value, json};

use crate::commands::cells::text;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;

/// Arguments of `jct jobs cancel`.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  jct jobs cancel 01890a5d-ac96-774b-bcce-b302099a8057 --reason 'wrong source'

A queued job ends at once. The worker of a running one is told with its next heartbeat. Ends with 7 if the \
job has ended in another way.")]
pub(crate) struct CancelArgs {
    /// The job
    job_id: String,
    /// Why
    #[arg(long)]
    reason: Option<String>,
}

pub(super) fn run(args: CancelArgs, context: &Context) -> Result<Exit, Failure> {
    let CancelArgs { job_id, reason } = args;
    let body = reason.map_or_else(|| json!({}), |reason| json!({ "reason": reason }));
    let job = context.client()?.post(&["api", "queue", "jobs", &job_id, "cancel"], &body)?.json()?;
    let output = context.output();
    if output.is_json() {
        output.document(&job)?;
    } else if job.get("cancelRequestedAt").is_some_and(Value::is_string) && text(&job, "status") == "running" {
        output.line(format!("job {} running, asked to become cancelled", text(&job, "id")))?;
    } else {
        output.line(format!("job {} {}", text(&job, "id"), text(&job, "status")))?;
    }
    Ok(Exit::Success)
}
