//! Sends the task and shows what became of it.

use std::io::Read as _;
use std::path::Path;

use serde_json::Value;
use ureq::http::Method;

use super::args::EnqueueArgs;
use super::spec;
use crate::client::wire::unexpected;
use crate::client::{Client, Request};
use crate::commands::watch;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;

/// Longer files cannot be a task: twice the largest body that a tower takes unless told otherwise.
const FILE_MAX_BYTES: u64 = 2 * 1024 * 1024;

pub(crate) fn run(args: &EnqueueArgs, context: &Context) -> Result<Exit, Failure> {
    let body = match &args.file {
        Some(path) => read(path)?,
        None => {
            spec::body(&args.spec, std::env::var("USER").ok().filter(|user| !user.is_empty())).to_string().into_bytes()
        }
    };
    let client = context.client()?;
    let output = context.output();
    let handed_in = hand_in(&client, body, args.idempotency_key.as_deref(), args.hold)?;
    if output.is_json() {
        output.record(&handed_in.body)?;
    } else {
        let again = if handed_in.replayed { ", handed in before" } else { "" };
        output.line(format!("task {} {}{again}", handed_in.task_id, handed_in.status))?;
    }
    if !args.watch {
        if !output.is_json() {
            output.note(format!("follow it with: jct watch {}", handed_in.task_id));
        }
        return Ok(Exit::Success);
    }
    Ok(watch::exit(&watch::watch(&client, &handed_in.task_id, output)?))
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
    hold: bool,
) -> Result<HandedIn, Failure> {
    let query: &[_] = if hold { &[("hold", "true".to_owned())] } else { &[] };
    let request = Request { path: &["tasks", "enqueue"], query, body: Some(body), idempotency_key };
    let answer = client.send(&Method::POST, request)?;
    let replayed = answer.header("idempotent-replayed") == Some("true");
    let body = answer.json()?;
    let text = |name: &str| body.get(name).and_then(Value::as_str).map(str::to_owned);
    match (text("task_id"), text("status")) {
        (Some(task_id), Some(status)) => Ok(HandedIn { task_id, status, replayed, body }),
        _ => Err(unexpected(&serde::de::Error::missing_field("task_id"))),
    }
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let limit = FILE_MAX_BYTES + 1;
    let read = if path == Path::new("-") {
        std::io::stdin().lock().take(limit).read_to_end(&mut bytes)
    } else {
        std::fs::File::open(path).and_then(|file| file.take(limit).read_to_end(&mut bytes))
    };
    read.map_err(|error| Failure::caused(Exit::Local, format!("`{}` cannot be read", path.display()), &error))?;
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) >= limit {
        return Err(Failure::new(Exit::Refused, format!("`{}` is too large for a task", path.display())));
    }
    Ok(bytes)
}
