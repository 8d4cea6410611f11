//! `jct jobs create`: submits a job with a payload out of a file.

use std::path::PathBuf;

use clap::Args;
use jct_contract::JobType;
use serde::de::IgnoredAny;
use serde_json::Value;
use ureq::http::Method;

use super::options::{JobOptions, warn};
use crate::client::Request;
use crate::commands::cells::text;
use crate::commands::file;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;

/// The largest body that a tower takes with an inline manifest.
const PAYLOAD_MAX_BYTES: u64 = 2 * 1024 * 1024;

/// Arguments of `jct jobs create`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  jct jobs create task examples/tasks/survey.json
  jct jobs create manifest payload.json --priority 10
  jct jobs create manifest - --idempotency-key docs-1 < payload.json

The payload of a `task` is a task, that of a `manifest` is {\"manifest\": {\"name\", \"action\", \"source\", \
\"options\"}}. `jct manifests run` submits a manifest that the tower keeps.")]
pub(crate) struct CreateArgs {
    /// Type: task, manifest, codex_exec or codex_skill
    #[arg(value_name = "TYPE")]
    job_type: JobType,
    /// File with the payload in JSON; `-` is standard input
    #[arg(value_name = "FILE")]
    payload: PathBuf,
    #[command(flatten)]
    options: JobOptions,
    /// The same key with the same job answers with the job first submitted
    #[arg(long, value_name = "KEY")]
    idempotency_key: Option<String>,
}

pub(super) fn run(args: &CreateArgs, context: &Context) -> Result<Exit, Failure> {
    let output = context.output();
    let request = Request {
        path: &["api", "queue", "jobs"],
        body: Some(args.body()?),
        idempotency_key: args.idempotency_key.as_deref(),
        ..Request::default()
    };
    let answer = context.client()?.send(&Method::POST, request)?;
    let replayed = answer.header("idempotent-replayed") == Some("true");
    let job = answer.json()?;
    if output.is_json() {
        output.document(&job)?;
        return Ok(Exit::Success);
    }
    let again = if replayed { ", submitted before" } else { "" };
    output.line(format!("job {} {}{again}", text(&job, "id"), text(&job, "status")))?;
    warn(&job, output);
    output.note(format!("follow it with: jct jobs events {} --follow", text(&job, "id")));
    Ok(Exit::Success)
}

impl CreateArgs {
    /// The request, with the payload as it stands in the file: whatever it says of numbers, the tower hears.
    fn body(&self) -> Result<Vec<u8>, Failure> {
        let payload = file::read(&self.payload, PAYLOAD_MAX_BYTES)?;
        serde_json::from_slice::<IgnoredAny>(&payload).map_err(|error| {
            Failure::caused(Exit::Refused, format!("`{}` is not JSON", self.payload.display()), &error)
        })?;
        let mut members = self.options.members();
        members.insert("type".to_owned(), Value::from(self.job_type.as_str()));
        let mut body = Value::Object(members).to_string().into_bytes();
        body.pop();
        body.extend_from_slice(b",\"payload\":");
        body.extend_from_slice(&payload);
        body.push(b'}');
        Ok(body)
    }
}
