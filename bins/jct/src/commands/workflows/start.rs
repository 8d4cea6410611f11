//! `jct workflows run` and `jct workflows fork`: the two ways to start a run by hand.

use std::path::{Path, PathBuf};

use clap::Args;
use serde::de::IgnoredAny;
use serde_json::json;
use ureq::http::Method;

use super::watch;
use crate::client::Request;
use crate::commands::cells::text;
use crate::commands::file;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;

/// The largest event that a tower takes, and a margin for its spelling.
const EVENT_MAX_BYTES: u64 = 1024 * 1024;

/// Arguments of `jct workflows run`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  jct workflows run security_scan --watch
  jct workflows run incident_response --event event.json --idempotency-key incident-7
  echo '{\"type\": \"development.code_commit\", \"source\": \"me\", \"data\": {\"branch\": \"main\"}}' |
      jct workflows run deployment_pipeline --event - --watch

Expressions see the event as `event`; it is written like the body of `POST /events`, is not kept as an event \
and need not be one that the workflow is started by. With --watch it ends with 0 if the run succeeded, with 1 \
if it did not. The same --idempotency-key with the same event, or none again, answers with the run first \
started; with another event it ends with 7. With --json: the run; with --watch each step follows, one a line, \
as it moves, and the run with its steps as the last line.")]
pub(crate) struct RunArgs {
    /// The workflow, by its name or its id
    workflow: String,
    /// File with an event in JSON; `-` is standard input
    #[arg(long, value_name = "FILE")]
    event: Option<PathBuf>,
    /// Makes it safe to ask for the same run again
    #[arg(long, value_name = "KEY")]
    idempotency_key: Option<String>,
    /// Follow the run until it is over, and end with its outcome
    #[arg(long)]
    watch: bool,
}

/// Arguments of `jct workflows fork`.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  jct workflows fork deployment_pipeline 01890a5d-ac96-774b-bcce-b302099a8057 --from deploy_staging --watch

Steps that succeeded or were not wanted are kept. The step, what comes after it, and whatever went wrong \
anywhere is done again. Ends with 7 if the run is not over.")]
pub(crate) struct ForkArgs {
    /// The workflow, by its name or its id
    workflow: String,
    /// The run, by its id
    run: String,
    /// The step from which on it is done again
    #[arg(long, value_name = "STEP")]
    from: String,
    /// Follow the new run until it is over, and end with its outcome
    #[arg(long)]
    watch: bool,
}

pub(super) fn run(args: &RunArgs, context: &Context) -> Result<Exit, Failure> {
    let body = args.body()?;
    let path = ["workflows", &args.workflow, "runs"];
    begin(Request { path: &path, body, ..Request::default() }, &args.workflow, args.watch, context)
}

pub(super) fn fork(args: &ForkArgs, context: &Context) -> Result<Exit, Failure> {
    let body = Some(json!({ "from_step": args.from }).to_string().into_bytes());
    let path = ["workflows", &args.workflow, "runs", &args.run, "fork"];
    begin(Request { path: &path, body, ..Request::default() }, &args.workflow, args.watch, context)
}

impl RunArgs {
    /// The request, if there is anything to say.
    fn body(&self) -> Result<Option<Vec<u8>>, Failure> {
        let mut members = Vec::new();
        if let Some(key) = &self.idempotency_key {
            members.push(format!("\"idempotency_key\":{}", json!(key)).into_bytes());
        }
        if let Some(path) = &self.event {
            members.push([&b"\"event\":"[..], &event(path)?].concat());
        }
        Ok((!members.is_empty()).then(|| [&b"{"[..], &members.join(&b','), b"}"].concat()))
    }
}

/// The event as it stands in the file: whatever it says of numbers, the tower hears.
fn event(path: &Path) -> Result<Vec<u8>, Failure> {
    let event = file::read(path, EVENT_MAX_BYTES)?;
    serde_json::from_slice::<IgnoredAny>(&event)
        .map_err(|error| Failure::caused(Exit::Refused, format!("`{}` is not JSON", path.display()), &error))?;
    Ok(event)
}

/// Starts a run, and follows it if that is wanted.
fn begin(request: Request<'_>, workflow: &str, is_watched: bool, context: &Context) -> Result<Exit, Failure> {
    let (client, output) = (context.client()?, context.output());
    let answer = client.send(&Method::POST, request)?;
    let again = if answer.header("idempotent-replayed") == Some("true") { ", started before" } else { "" };
    let run = answer.json()?;
    let id = text(&run, "id");
    if output.is_json() {
        output.record(&run)?;
    } else {
        output.line(format!("run {id} {}{again}", text(&run, "status")))?;
    }
    if is_watched {
        return watch::follow(&client, workflow, &id, output);
    }
    output.note(format!("follow it with: jct workflows watch {workflow} {id}"));
    Ok(Exit::Success)
}
