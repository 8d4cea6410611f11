//! `jct jobs show`: one job.

use clap::Args;
use serde_json::Value;
use ureq::http::Method;

use super::list::attempts;
use crate::client::Request;
use crate::commands::cells::text;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;

/// Arguments of `jct jobs show`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  jct jobs show 01890a5d-ac96-774b-bcce-b302099a8057
  jct jobs show 01890a5d-ac96-774b-bcce-b302099a8057 --json | jq .payload

A job is a task of the same id: `jct explain` says what it waits for, `jct attempts` what was tried.")]
pub(crate) struct ShowArgs {
    /// The job
    job_id: String,
}

/// Names of fields for people, and of members of the answer.
const FIELDS: [(&str, &str); 19] = [
    ("job", "id"),
    ("type", "type"),
    ("status", "status"),
    ("priority", "priority"),
    ("needs", "requiredCapabilities"),
    ("affinity key", "affinityKey"),
    ("created by", "createdBy"),
    ("claimed by", "claimedBy"),
    ("lease until", "leaseExpiresAt"),
    ("next attempt", "nextAttemptAt"),
    ("cancel asked for", "cancelRequestedAt"),
    ("why", "cancelReason"),
    ("summary", "resultSummary"),
    ("error", "error"),
    ("reason", "reason"),
    ("created", "createdAt"),
    ("started", "startedAt"),
    ("finished", "finishedAt"),
    ("trace id", "traceId"),
];

pub(super) fn run(args: &ShowArgs, context: &Context) -> Result<Exit, Failure> {
    let query = [("expand", "result".to_owned())];
    let request = Request { path: &["api", "queue", "jobs", &args.job_id], query: &query, ..Request::default() };
    let job = context.client()?.send(&Method::GET, request)?.json()?;
    let output = context.output();
    if output.is_json() {
        output.document(&job)?;
        return Ok(Exit::Success);
    }
    let given = |member: &str| Some(text(&job, member)).filter(|text| !text.is_empty());
    let mut fields: Vec<_> = FIELDS.iter().map(|(name, member)| (*name, given(member))).collect();
    fields.insert(3, ("attempt", Some(attempts(&job))));
    let whole = |member: &str| job.get(member).filter(|value| !value.is_null()).map(Value::to_string);
    fields.extend([("payload", whole("payload")), ("result", whole("result"))]);
    output.fields(&fields)?;
    Ok(Exit::Success)
}
