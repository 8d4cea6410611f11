//! `jct release`: let a held task go.

use clap::Args;
use serde_json::json;
use ureq::http::Method;

use crate::client::Request;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;

/// Arguments of `jct release`.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  jct release 01890a5d-ac96-774b-bcce-b302099a8057

Moves a task that was handed in with --hold from `pending` to `queued`. Ends with 7 if it is not pending.")]
pub(crate) struct ReleaseArgs {
    /// The task
    task_id: String,
}

pub(crate) fn run(args: &ReleaseArgs, context: &Context) -> Result<Exit, Failure> {
    let body = Some(json!({ "status": "queued" }).to_string().into_bytes());
    let request = Request { path: &["tasks", &args.task_id, "status"], body, ..Request::default() };
    let answer = context.client()?.send(&Method::PATCH, request)?;
    super::changed::print(&answer, "queued", context.output())?;
    Ok(Exit::Success)
}
