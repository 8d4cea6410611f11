//! Sends the task and shows what became of it.

use serde_json::Value;
use ureq::http::Method;

use super::args::EnqueueArgs;
use super::spec;
use crate::client::wire::unexpected;
use crate::client::{Client, Request};
use crate::commands::{file, watch};
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;

/// Longer files cannot be a task: twice the largest body that a tower takes unless told otherwise.
const FILE_MAX_BYTES: u64 = 2 * 1024 * 1024;

pub(crate) fn run(args: &EnqueueArgs, context: &Context) -> Result<Exit, Failure> {
    let body = match &args.file {
        Some(path) => file::read(path, FILE_MAX_BYTES)?,
        None => {
            spec::body(&args.spec, std::env::var("USER").ok().filter(|user| !user.is_empty())).to_string().into_bytes()
        }
    };
    let client = context.client()?;
    let output = context.output();
    let modes = Modes { hold: args.hold, no_cwom: args.no_cwom };
    let handed_in = hand_in(&client, body, args.idempotency_key.as_deref(), modes)?;
    if output.is_json() {
        output.record(&handed_in.body)?;
    } else {
        let again = if handed_in.replayed { ", handed in before" } else { "" };
        output.line(format!("task {} {}{again}", handed_in.task_id, handed_in.status))?;
        print_objects(&handed_in.body, output)?;
    }
    if !args.watch {
        if !output.is_json() {
            output.note(format!("follow it with: jct watch {}", handed_in.task_id));
        }
        return Ok(Exit::Success);
    }
    Ok(watch::exit(&watch::watch(&client, &handed_in.task_id, output)?))
}

/// The work objects that the answer names.
fn print_objects(answer: &Value, output: &Output) -> Result<(), Failure> {
    let Some(objects) = answer.get("cwom") else { return Ok(()) };
    let id = |name: &str| objects.get(name).and_then(Value::as_str).map(str::to_owned);
    output.fields(&[
        ("issue", id("issue_id")),
        ("context packet", id("context_packet_id")),
        ("constraints", id("constraint_snapshot_id")),
        ("repository", id("repo_id")),
    ])
}

/// What to do with a task beside taking it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Modes {
    /// Keep it `pending`.
    pub(crate) hold: bool,
    /// Leave out its work objects, whatever the tower does by default.
    pub(crate) no_cwom: bool,
}

impl Modes {
    fn query(self) -> Vec<(&'static str, String)> {
        let Self { hold, no_cwom } = self;
        let wanted = [(hold, "hold", "true"), (no_cwom, "create_cwom", "false")];
        wanted.iter().filter(|(wanted, ..)| *wanted).map(|(_, name, value)| (*name, (*value).to_owned())).collect()
    }
}

/// A task that the tower took.
#[derive(Debug)]
pub(crate) struct HandedIn {
    pub(crate) task_id: String,
    pub(crate) status: String,
    /// Whether it was there before.
    pub(crate) replayed: bool,
    pub(crate) body: Value,
}

/// Hands in a task.
pub(crate) fn hand_in(
    client: &Client,
    body: Vec<u8>,
    idempotency_key: Option<&str>,
    modes: Modes,
) -> Result<HandedIn, Failure> {
    let query = modes.query();
    let request =
        Request { path: &["tasks", "enqueue"], query: &query, body: Some(body), idempotency_key, ..Request::default() };
    let answer = client.send(&Method::POST, request)?;
    let replayed = answer.header("idempotent-replayed") == Some("true");
    let body = answer.json()?;
    let text = |name: &str| body.get(name).and_then(Value::as_str).map(str::to_owned);
    match (text("task_id"), text("status")) {
        (Some(task_id), Some(status)) => Ok(HandedIn { task_id, status, replayed, body }),
        _ => Err(unexpected(&serde::de::Error::missing_field("task_id"))),
    }
}
