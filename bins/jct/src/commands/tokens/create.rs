//! `jct tokens create`: lets a worker in, within limits.

use std::time::Duration;

use clap::Args;
use jct_contract::{Clock as _, JobType, SystemClock};
use serde_json::{Map, Value, json};

use crate::commands::cells::text;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;

const DAY: Duration = Duration::from_secs(86_400);

/// Arguments of `jct tokens create`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  export JCT_WORKER_TOKEN=$(jct tokens create indexer-1 --types manifest --caps manifest,local_fs)
  jct tokens create builder-7 --types task --repos myorg/,partner/app --expires-in-days 30

What is not limited here, the worker may say itself. The token is printed once.")]
pub(crate) struct CreateArgs {
    /// Name of the worker
    worker: String,
    /// What it is for
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
    /// The types of jobs it may take: task, manifest, codex_exec, codex_skill
    #[arg(long, value_name = "TYPE,...", value_delimiter = ',')]
    types: Vec<JobType>,
    /// The repositories whose jobs it may take: `myorg/` or `myorg/app`
    #[arg(long, value_name = "REPO,...", value_delimiter = ',')]
    repos: Vec<String>,
    /// The capabilities it may offer
    #[arg(long, value_name = "CAPABILITY,...", value_delimiter = ',')]
    caps: Vec<String>,
    /// Days until it expires; never, if absent
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..=3650))]
    expires_in_days: Option<u32>,
}

pub(super) fn run(args: &CreateArgs, context: &Context) -> Result<Exit, Failure> {
    let made = context.client()?.post(&["api", "queue", "workers", "tokens"], &args.body())?.json()?;
    let output = context.output();
    if output.is_json() {
        output.document(&made)?;
        return Ok(Exit::Success);
    }
    let record = made.get("workerToken").unwrap_or(&Value::Null);
    output.note(format!("token {} of `{}`; keep it, it is not shown again:", text(record, "id"), args.worker));
    output.line(text(&made, "token"))?;
    Ok(Exit::Success)
}

impl CreateArgs {
    fn body(&self) -> Value {
        let Self { worker, description, types, repos, caps, expires_in_days } = self;
        let types: Vec<_> = types.iter().map(|job_type| job_type.as_str()).collect();
        let expires_at = expires_in_days.map(|days| SystemClock.now().after(DAY * days));
        let members: Map<String, Value> = [
            ("workerId", Some(json!(worker))),
            ("description", description.as_ref().map(|text| json!(text))),
            ("allowedJobTypes", (!types.is_empty()).then(|| json!(types))),
            ("allowedRepositories", (!repos.is_empty()).then(|| json!(repos))),
            ("capabilities", (!caps.is_empty()).then(|| json!(caps))),
            ("expiresAt", expires_at.map(|at| json!(at.to_string()))),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)))
        .collect();
        Value::Object(members)
    }
}
