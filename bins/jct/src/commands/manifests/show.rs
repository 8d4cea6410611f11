//! `jct manifests show`: one manifest as it stands in the registry, or the exact text of a version.

use clap::Args;
use serde_json::Value;

use crate::commands::cells::text;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;

/// Arguments of `jct manifests show`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  jct manifests show docs
  jct manifests show docs --content > docs.yaml
  jct manifests versions docs --json | jq -r '.versions[1].contentHash' | xargs jct manifests show docs --hash")]
pub(crate) struct ShowArgs {
    /// The manifest
    name: String,
    /// This version instead of the latest
    #[arg(long)]
    hash: Option<String>,
    /// Only the text of the manifest, byte by byte
    #[arg(long, conflicts_with = "json")]
    content: bool,
}

pub(super) fn run(args: &ShowArgs, context: &Context) -> Result<Exit, Failure> {
    let client = context.client()?;
    let answer = match &args.hash {
        Some(hash) => client.get(&["api", "manifests", &args.name, "versions", hash])?,
        None => client.get(&["api", "manifests", &args.name])?,
    };
    let (manifest, output) = (answer.json()?, context.output());
    if args.content {
        output.copy(text(&manifest, "content").as_bytes())?;
    } else if output.is_json() {
        output.document(&manifest)?;
    } else {
        print(&manifest, output)?;
    }
    Ok(Exit::Success)
}

fn print(manifest: &Value, output: &Output) -> Result<(), Failure> {
    let given = |object: &Value, member: &str| Some(text(object, member)).filter(|text| !text.is_empty());
    let run = manifest.get("lastRun").unwrap_or(&Value::Null);
    let state = manifest.get("state").unwrap_or(&Value::Null);
    output.fields(&[
        ("manifest", given(manifest, "name")),
        ("version", given(manifest, "version")),
        ("hash", given(manifest, "contentHash")),
        ("created", given(manifest, "createdAt")),
        ("created by", given(manifest, "createdBy")),
        ("updated", given(manifest, "updatedAt")),
        ("updated by", given(manifest, "updatedBy")),
        ("last run", given(run, "status")),
        ("last job", given(run, "jobId")),
        ("last finished", given(run, "finishedAt")),
        ("state of", given(state, "stateUpdatedAt")),
    ])?;
    output.line("")?;
    text(manifest, "content").lines().try_for_each(|line| output.line(line))
}
