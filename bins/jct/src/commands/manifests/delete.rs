//! `jct manifests delete`: takes a manifest out of the registry.

use clap::Args;
use serde_json::json;
use ureq::http::Method;

use crate::client::Request;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;

/// Arguments of `jct manifests delete`.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  jct manifests delete docs

Ends with 7 while a job of it is queued or running. A manifest of that name that is put later goes on with \
the next version.")]
pub(crate) struct DeleteArgs {
    /// The manifest
    name: String,
    /// Only if the version that is there has this hash
    #[arg(long, value_name = "HASH")]
    if_match: Option<String>,
}

pub(super) fn run(args: &DeleteArgs, context: &Context) -> Result<Exit, Failure> {
    let if_match = args.if_match.as_ref().map(|hash| format!("\"{hash}\""));
    let request =
        Request { path: &["api", "manifests", &args.name], if_match: if_match.as_deref(), ..Request::default() };
    context.client()?.send(&Method::DELETE, request)?;
    let output = context.output();
    if output.is_json() {
        output.document(&json!({ "name": args.name, "deleted": true }))?;
    } else {
        output.line(format!("manifest {} deleted", args.name))?;
    }
    Ok(Exit::Success)
}
