//! `jct tokens revoke`: shuts a worker out.

use clap::Args;
use serde_json::json;

use crate::commands::cells::text;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;

/// Arguments of `jct tokens revoke`.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  jct tokens revoke 01890a5d-ac96-774b-bcce-b302099a8057

Jobs that the worker holds go back to the queue when their leases end.")]
pub(crate) struct RevokeArgs {
    /// The token, by its id
    token_id: String,
}

pub(super) fn run(args: &RevokeArgs, context: &Context) -> Result<Exit, Failure> {
    let path = ["api", "queue", "workers", "tokens", &args.token_id, "revoke"];
    let answer = context.client()?.post(&path, &json!({}))?.json()?;
    let output = context.output();
    if output.is_json() {
        output.document(&answer)?;
    } else {
        let record = answer.get("workerToken").unwrap_or(&answer);
        output.line(format!("token {} of `{}` revoked", text(record, "id"), text(record, "workerId")))?;
    }
    Ok(Exit::Success)
}
