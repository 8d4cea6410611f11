//! `jct trace show`: through the tower, so that it works from any machine.

use clap::Args;
use serde_json::Value;
use ureq::http::Method;

use crate::client::Request;
use crate::commands::cells::text;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Column, bytes};

/// Arguments of `jct trace show`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  jct trace show 01890a5d-ac96-774b-bcce-b302099a8057
  jct trace show 01890a5d-ac96-774b-bcce-b302099a8057 artifacts/report.md
  jct trace show 01890a5d-ac96-774b-bcce-b302099a8057 log.txt | grep error

A file is printed byte by byte, whatever it holds.")]
pub(crate) struct ShowArgs {
    /// The task
    task_id: String,
    /// A file of the trace, as the list names it
    file: Option<String>,
    /// Another attempt than the one that decided, from 1
    #[arg(long)]
    attempt: Option<u32>,
}

pub(super) fn run(args: &ShowArgs, context: &Context) -> Result<Exit, Failure> {
    let client = context.client()?;
    let output = context.output();
    let query: Vec<_> = args.attempt.iter().map(|attempt| ("attempt", attempt.to_string())).collect();
    if let Some(file) = &args.file {
        let path: Vec<&str> = ["tasks", args.task_id.as_str(), "trace"].into_iter().chain(file.split('/')).collect();
        output.copy(client.download(&path, &query)?)?;
        return Ok(Exit::Success);
    }
    let trace = client
        .send(&Method::GET, Request { path: &["tasks", &args.task_id, "trace"], query: &query, ..Request::default() })?
        .json()?;
    if output.is_json() {
        output.document(&trace)?;
        return Ok(Exit::Success);
    }
    output
        .fields(&[("attempt", Some(text(&trace, "attempt"))), ("manifest", Some(text(&trace, "manifest_digest")))])?;
    let rows: Vec<_> = trace.get("files").and_then(Value::as_array).into_iter().flatten().map(row).collect();
    output.table(&[Column::Plain("FILE"), Column::Plain("SIZE"), Column::Plain("SHA-256")], &rows)?;
    Ok(Exit::Success)
}

fn row(file: &Value) -> Vec<String> {
    let size = file.get("size_bytes").and_then(Value::as_u64).map(bytes).unwrap_or_default();
    vec![text(file, "path"), size, text(file, "digest")]
}
