//! `jct events post`: hands in one event.

use std::path::PathBuf;

use clap::Args;
use serde_json::{Map, Value, json};
use ureq::http::Method;

use crate::client::Request;
use crate::commands::cells::text;
use crate::commands::file;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;

/// The largest data that a tower takes, and a margin for its spelling.
const DATA_MAX_BYTES: u64 = 1024 * 1024;

/// Arguments of `jct events post`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  jct events post monitoring.service_down --source uptime --priority high --data '{\"service\": \"api\"}'
  jct events post deployment.completed --source ci --id build-42 --data-file report.json --tag env=prod

The event is durable when this ends. With --id the same event again changes nothing; another event under the \
same id ends with 7.")]
pub(crate) struct PostArgs {
    /// Type of the event, `domain.name`
    #[arg(value_name = "TYPE")]
    type_: String,
    /// Where it comes from
    #[arg(long, default_value = "jct-cli")]
    source: String,
    /// What makes a repetition the same event, within its source
    #[arg(long)]
    id: Option<String>,
    /// What it is about
    #[arg(long)]
    subject: Option<String>,
    /// How urgent: low, medium, high or critical
    #[arg(long)]
    priority: Option<String>,
    /// What it says, as JSON
    #[arg(long, value_name = "JSON")]
    data: Option<String>,
    /// The same out of a file; `-` is standard input
    #[arg(long, value_name = "FILE", conflicts_with = "data")]
    data_file: Option<PathBuf>,
    /// A note; repeatable
    #[arg(long = "tag", value_name = "NAME=VALUE", value_parser = tag)]
    tags: Vec<(String, String)>,
}

pub(super) fn run(args: &PostArgs, context: &Context) -> Result<Exit, Failure> {
    let body = args.body()?.to_string().into_bytes();
    let request = Request { path: &["events"], body: Some(body), ..Request::default() };
    let answer = context.client()?.send(&Method::POST, request)?;
    let (posted, is_replay) = (answer.json()?, answer.header("idempotent-replayed").is_some());
    let output = context.output();
    if output.is_json() {
        output.document(&posted)?;
        return Ok(Exit::Success);
    }
    let id = text(&posted, "event_id");
    output.line(format!("event {id} {}", if is_replay { "was there already" } else { "kept" }))?;
    output.note(format!("what comes of it: jct events show {id}"));
    Ok(Exit::Success)
}

impl PostArgs {
    fn body(&self) -> Result<Value, Failure> {
        let Self { type_, source, id, subject, priority, data, data_file, tags } = self;
        let data = match (data, data_file) {
            (Some(data), _) => Some(data.clone().into_bytes()),
            (None, Some(path)) => Some(file::read(path, DATA_MAX_BYTES)?),
            (None, None) => None,
        };
        let read = |bytes: Vec<u8>| {
            serde_json::from_slice::<Value>(&bytes).map_err(|error| {
                Failure::caused(Exit::Usage, "the data is not JSON", &error).hint("a text is written `\"text\"`")
            })
        };
        let members = [
            ("type", Some(json!(type_))),
            ("source", Some(json!(source))),
            ("id", id.as_ref().map(|id| json!(id))),
            ("subject", subject.as_ref().map(|subject| json!(subject))),
            ("priority", priority.as_ref().map(|priority| json!(priority))),
            ("data", data.map(read).transpose()?),
            (
                "tags",
                (!tags.is_empty()).then(|| tags.iter().cloned().map(|(name, value)| (name, json!(value))).collect()),
            ),
        ];
        let members: Map<String, Value> =
            members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect();
        Ok(Value::Object(members))
    }
}

/// `name=value`.
fn tag(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("it is a name, `=` and a value")?;
    Ok((name.to_owned(), value.to_owned()))
}
