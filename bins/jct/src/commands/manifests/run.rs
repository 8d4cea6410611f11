//! `jct manifests run`: submits a job that runs one exact version of a manifest.

use clap::Args;
use serde_json::{Map, Value, json};

use crate::commands::cells::text;
use crate::commands::jobs::{JobOptions, warn};
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;

/// Arguments of `jct manifests run`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  jct manifests run docs
  jct manifests run docs --plan --max-docs 10
  jct manifests run docs --force-full --priority 10 --json | jq -r .jobId")]
pub(crate) struct RunArgs {
    /// The manifest
    name: String,
    /// Only report what a run would do
    #[arg(long)]
    plan: bool,
    /// Read and split, but write nothing
    #[arg(long)]
    dry_run: bool,
    /// Everything, also what has not changed since the last run
    #[arg(long)]
    force_full: bool,
    /// At most this many documents
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..))]
    max_docs: Option<u32>,
    /// The version with this hash instead of the latest
    #[arg(long)]
    hash: Option<String>,
    #[command(flatten)]
    options: JobOptions,
}

pub(super) fn run(args: &RunArgs, context: &Context) -> Result<Exit, Failure> {
    let answer = context.client()?.post(&["api", "manifests", &args.name, "runs"], &args.body())?.json()?;
    let output = context.output();
    if output.is_json() {
        output.document(&answer)?;
        return Ok(Exit::Success);
    }
    let job = text(&answer, "jobId");
    output.line(format!("job {job} queued"))?;
    let queue = answer.get("queue").unwrap_or(&Value::Null);
    output
        .fields(&[("hash", Some(text(queue, "manifestHash"))), ("needs", Some(text(queue, "requiredCapabilities")))])?;
    warn(&answer, output);
    output.note(format!("follow it with: jct jobs events {job} --follow"));
    Ok(Exit::Success)
}

impl RunArgs {
    /// The request: only what was said, so that the manifest's own `run` decides the rest.
    fn body(&self) -> Value {
        let Self { name: _, plan, dry_run, force_full, max_docs, hash, options } = self;
        let mut members = options.members();
        let said = [
            ("dryRun", dry_run.then(|| json!(true))),
            ("forceFull", force_full.then(|| json!(true))),
            ("maxDocs", max_docs.map(Value::from)),
        ];
        let said: Map<String, Value> =
            said.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect();
        if !said.is_empty() {
            members.insert("options".to_owned(), Value::Object(said));
        }
        if *plan {
            members.insert("action".to_owned(), json!("plan"));
        }
        if let Some(hash) = hash {
            members.insert("hash".to_owned(), json!(hash));
        }
        Value::Object(members)
    }
}
