//! `jct jobs events`: what happened to a job, page by page or as it happens.

use clap::Args;
use jct_contract::Timestamp;
use serde_json::Value;

use crate::client::follow_job;
use crate::commands::cells::{moment, text};
use crate::commands::page::List;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Column, Output, one_line};

const COLUMNS: [Column; 6] = [
    Column::Plain("EVENT"),
    Column::Plain("AT"),
    Column::Plain("ATTEMPT"),
    Column::Plain("LEVEL"),
    Column::Plain("KIND"),
    Column::Plain("MESSAGE"),
];

/// Arguments of `jct jobs events`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  jct jobs events 01890a5d-ac96-774b-bcce-b302099a8057 --follow
  jct jobs events 01890a5d-ac96-774b-bcce-b302099a8057 --json | jq -r '.events[].message'

With --follow it reconnects by itself, misses nothing, and ends with 0 if the job succeeded, with 1 if it \
ended in any other way; with --json that is one event a line, and the job as the last line. Without it, \
the page is {\"events\": [...], \"next_cursor\": ...}.")]
pub(crate) struct EventsArgs {
    /// The job
    job_id: String,
    /// Go on until the job has ended
    #[arg(long, conflicts_with_all = ["after", "cursor", "limit", "newest_first"])]
    follow: bool,
    /// Only events behind this one, by its number
    #[arg(long, value_name = "EVENT")]
    after: Option<u64>,
    /// The latest first
    #[arg(long)]
    newest_first: bool,
    /// Events on the page
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=500))]
    limit: u32,
    /// Begin where an earlier page ended
    #[arg(long)]
    cursor: Option<String>,
}

pub(super) fn run(args: &EventsArgs, context: &Context) -> Result<Exit, Failure> {
    if args.follow {
        return follow(&args.job_id, context);
    }
    let query = args.query();
    let path = ["api", "queue", "jobs", &args.job_id, "events"];
    let list = List { path: &path, name: "events", none: "no events", columns: &COLUMNS, row };
    list.show(&query, context)
}

fn follow(job_id: &str, context: &Context) -> Result<Exit, Failure> {
    let (client, output) = (context.client()?, context.output());
    // An unknown job is told as such before anything is drawn.
    client.get(&["api", "queue", "jobs", job_id])?;
    let job = follow_job(&client, job_id, |event| show(event, output))?;
    if output.is_json() {
        output.record(&job)?;
    } else {
        let why = [text(&job, "resultSummary"), text(&job, "error")];
        let why = why.into_iter().find(|why| !why.is_empty()).map(|why| format!(": {why}")).unwrap_or_default();
        output.line(format!("job {} {}{why}", text(&job, "id"), text(&job, "status")))?;
    }
    Ok(if text(&job, "status") == "succeeded" { Exit::Success } else { Exit::Negative })
}

fn show(event: &Value, output: &Output) -> Result<(), Failure> {
    if output.is_json() {
        return output.record(event);
    }
    let mark = match text(event, "level").as_str() {
        "error" | "warn" => '!',
        _ => '|',
    };
    text(event, "message").lines().try_for_each(|line| output.line(format!("{mark} {line}")))
}

fn row(event: &Value, now: Timestamp) -> Vec<String> {
    vec![
        text(event, "id"),
        moment(event, "createdAt", now),
        text(event, "attempt"),
        text(event, "level"),
        text(event, "kind"),
        one_line(&text(event, "message"), 80),
    ]
}

impl EventsArgs {
    fn query(&self) -> Vec<(&'static str, String)> {
        let Self { job_id: _, follow: _, after, newest_first, limit, cursor } = self;
        let order = newest_first.then(|| "desc".to_owned());
        let texts = [("after", after.map(|after| after.to_string())), ("sort", order), ("cursor", cursor.clone())];
        let given = texts.into_iter().filter_map(|(name, value)| Some((name, value?)));
        given.chain([("limit", limit.to_string())]).collect()
    }
}
