//! `jct tasks`: a page of tasks, or all of them.

use clap::Args;
use jct_contract::{Clock as _, SystemClock, Timestamp};
use serde_json::{Value, json};
use ureq::http::Method;

use crate::client::wire::Task;
use crate::client::{Client, Request};
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Column, Output, age, one_line};

/// The largest page the tower gives.
const PAGE_MAX: u32 = 500;
const COLUMNS: [Column; 7] = [
    Column::Plain("TASK"),
    Column::Status("STATUS"),
    Column::Plain("OPERATION"),
    Column::Plain("TARGET"),
    Column::Plain("OBJECTIVE"),
    Column::Plain("CREATED"),
    Column::Plain("ASSIGNED TO"),
];

/// Arguments of `jct tasks`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  jct tasks --status running
  jct tasks --repo myorg/app --created-after 2026-01-31T00:00:00Z --limit 20
  jct tasks --all --json | jq -r 'select(.status == \"failed\") | .task_id'

With --json one page is {\"tasks\": [...], \"next_cursor\": ...}; --all prints one task a line.")]
pub(crate) struct TasksArgs {
    /// Only tasks with this status: pending, queued, running, completed, failed or cancelled
    #[arg(long)]
    status: Option<String>,
    /// Only this operation: code_change, docs, analysis or ops
    #[arg(long)]
    operation: Option<String>,
    /// Only tasks of this kind of requester: human, agent or system
    #[arg(long)]
    requester_kind: Option<String>,
    /// Only tasks on this repository
    #[arg(long, value_name = "OWNER/NAME")]
    repo: Option<String>,
    /// Only tasks created after this moment (RFC 3339)
    #[arg(long, value_name = "TIME")]
    created_after: Option<Timestamp>,
    /// Only tasks created before this moment (RFC 3339)
    #[arg(long, value_name = "TIME")]
    created_before: Option<Timestamp>,
    /// Tasks on a page
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=i64::from(PAGE_MAX)))]
    limit: u32,
    /// Begin where an earlier page ended
    #[arg(long)]
    cursor: Option<String>,
    /// All pages, not only one
    #[arg(long, conflicts_with = "limit")]
    all: bool,
}

struct Page {
    tasks: Vec<Value>,
    next: Option<String>,
}

pub(crate) fn run(args: TasksArgs, context: &Context) -> Result<Exit, Failure> {
    let client = context.client()?;
    let output = context.output();
    let limit = if args.all { PAGE_MAX } else { args.limit };
    let mut query = args.query(limit);
    if args.all {
        return all(&client, &mut query, args.cursor, output);
    }
    query.extend(args.cursor.map(|cursor| ("cursor", cursor)));
    let page = page(&client, &query)?;
    if output.is_json() {
        output.document(&json!({ "tasks": page.tasks, "next_cursor": page.next }))?;
    } else {
        show(&page.tasks, output)?;
        if let Some(next) = page.next {
            output.note(format!("more: repeat with --cursor {next}, or use --all"));
        }
    }
    Ok(Exit::Success)
}

fn all(
    client: &Client,
    query: &mut Vec<(&'static str, String)>,
    cursor: Option<String>,
    output: &Output,
) -> Result<Exit, Failure> {
    let mut next = cursor;
    loop {
        query.retain(|(name, _)| *name != "cursor");
        query.extend(next.take().map(|cursor| ("cursor", cursor)));
        let page = page(client, query)?;
        if output.is_json() {
            page.tasks.iter().try_for_each(|task| output.record(task))?;
        } else {
            show(&page.tasks, output)?;
        }
        match page.next {
            Some(cursor) => next = Some(cursor),
            None => return Ok(Exit::Success),
        }
    }
}

fn page(client: &Client, query: &[(&str, String)]) -> Result<Page, Failure> {
    let answer = client.send(&Method::GET, Request { path: &["tasks"], query, ..Request::default() })?;
    Ok(Page { tasks: answer.read()?, next: answer.header("x-next-cursor").map(str::to_owned) })
}

fn show(tasks: &[Value], output: &Output) -> Result<(), Failure> {
    let now = SystemClock.now();
    let rows = tasks.iter().map(|task| row(task, now)).collect::<Result<Vec<_>, _>>()?;
    if rows.is_empty() {
        output.note("no tasks");
        return Ok(());
    }
    output.table(&COLUMNS, &rows)
}

fn row(task: &Value, now: Timestamp) -> Result<Vec<String>, Failure> {
    let task = Task::read(task)?;
    let created = task.created_at.parse().map_or_else(|_| task.created_at.clone(), |at| age(at, now));
    let place = task.place();
    Ok(vec![
        task.task_id,
        task.status,
        task.operation,
        place,
        one_line(&task.objective, 60),
        created,
        task.assigned_to.unwrap_or_default(),
    ])
}

impl TasksArgs {
    fn query(&self, limit: u32) -> Vec<(&'static str, String)> {
        let Self {
            status,
            operation,
            requester_kind,
            repo,
            created_after,
            created_before,
            limit: _,
            cursor: _,
            all: _,
        } = self;
        let texts =
            [("status", status), ("operation", operation), ("requester_kind", requester_kind), ("target_repo", repo)];
        let times = [("created_after", created_after), ("created_before", created_before)];
        let texts = texts.into_iter().filter_map(|(name, value)| Some((name, value.clone()?)));
        let times = times.into_iter().filter_map(|(name, value)| Some((name, value.as_ref()?.to_string())));
        texts.chain(times).chain([("limit", limit.to_string())]).collect()
    }
}
