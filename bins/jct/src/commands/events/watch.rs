//! `jct events watch`: prints events as they come in, the oldest first, until it is ended.

use std::collections::HashSet;
use std::time::Duration;

use clap::Args;
use jct_contract::{Clock as _, SystemClock, Timestamp};
use serde_json::Value;
use ureq::http::Method;

use super::list::FilterArgs;
use crate::client::{Client, Request};
use crate::commands::cells::{items, text};
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;

/// Between two looks.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Events that may become visible a little later than others that came after them.
const OVERLAP: Duration = Duration::from_secs(5);
/// Events read at once.
const PAGE: &str = "500";

/// Arguments of `jct events watch`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  jct events watch --type 'task.*'
  jct events watch --json | jq -r .type

Looks once a second. With --json: one event a line, as it stood when it was first seen.")]
pub(crate) struct WatchArgs {
    #[command(flatten)]
    filter: FilterArgs,
    /// End after so many events
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u64).range(1..))]
    count: Option<u64>,
    /// Begin with events taken in at or after this moment, RFC 3339, instead of now
    #[arg(long, value_name = "MOMENT")]
    since: Option<Timestamp>,
}

pub(super) fn run(args: &WatchArgs, context: &Context) -> Result<Exit, Failure> {
    let client = context.client()?;
    let output = context.output();
    let begin = args.since.unwrap_or_else(|| SystemClock.now());
    let (mut since, mut seen, mut left) = (begin, HashSet::new(), args.count);
    loop {
        let events = newer(&client, &args.filter, since)?;
        for event in events.iter().rev().filter(|event| seen.insert(text(event, "id"))) {
            if output.is_json() {
                output.record(event)?;
            } else {
                output.line(format!(
                    "{}  {:<8}  {}  {}  {}",
                    text(event, "created_at"),
                    text(event, "priority"),
                    text(event, "type"),
                    text(event, "source"),
                    text(event, "id"),
                ))?;
            }
            if let Some(left) = &mut left {
                *left -= 1;
                if *left == 0 {
                    return Ok(Exit::Success);
                }
            }
        }
        // What was seen lately is asked for again, and told apart by its id.
        if let Some(latest) = events.first().and_then(|event| text(event, "created_at").parse::<Timestamp>().ok()) {
            let overlap = i64::try_from(OVERLAP.as_micros()).unwrap_or(0);
            since = begin.max(Timestamp::from_micros(latest.as_micros() - overlap));
            let kept: HashSet<String> = events.iter().map(|event| text(event, "id")).collect();
            seen = kept;
        }
        std::thread::sleep(LOOK_EVERY);
    }
}

/// Events that were taken in at or after `since`, newest first.
fn newer(client: &Client, filter: &FilterArgs, since: Timestamp) -> Result<Vec<Value>, Failure> {
    let base: Vec<_> = filter.clone().query().chain([("created_after", since.to_string())]).collect();
    let (mut events, mut cursor) = (Vec::new(), None::<String>);
    loop {
        let mut query = base.clone();
        query.push(("limit", PAGE.to_owned()));
        query.extend(cursor.take().map(|cursor| ("cursor", cursor)));
        let answer = client.send(&Method::GET, Request { path: &["events"], query: &query, ..Request::default() })?;
        events.extend(items(&answer.json()?).cloned());
        match answer.header("x-next-cursor") {
            Some(next) => cursor = Some(next.to_owned()),
            None => return Ok(events),
        }
    }
}
