//! `jct agents`: who can do work, and stopping, starting and limiting one.

use clap::{ArgGroup, Args, Subcommand};
use jct_contract::{Clock as _, SystemClock, Timestamp};
use serde_json::{Value, json};
use ureq::http::Method;

use super::cells::{items, moment, text};
use crate::client::Request;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Column, Output};

const COLUMNS: [Column; 8] = [
    Column::Plain("AGENT"),
    Column::Plain("TYPE"),
    Column::Status("STATUS"),
    Column::Plain("HEALTH"),
    Column::Plain("RUNNING"),
    Column::Plain("DONE"),
    Column::Plain("FAILED"),
    Column::Plain("LAST SEEN"),
];

/// What to do with agents.
#[derive(Debug, Subcommand)]
pub(crate) enum AgentsCommand {
    /// List every agent: workers, executors, adapters of coding agents, and whoever takes tasks from outside
    #[command(after_help = "Example:\n  jct agents list --json | jq -r '.[] | select(.health == \"degraded\").name'")]
    List,
    /// Show one agent
    Show(NameArgs),
    /// Lift every hold on an agent
    Start(NameArgs),
    /// Let an agent begin nothing more; what it runs goes on to its end
    #[command(after_help = "Example:\n  jct agents stop codex --reason 'waits for a new key'")]
    Stop(StopArgs),
    /// Set the most tasks that an agent may run at once, over all processes
    #[command(after_help = "Examples:\n  jct agents limit codex 2\n  jct agents limit codex --none")]
    Limit(LimitArgs),
}

/// Which agent.
#[derive(Debug, Args)]
pub(crate) struct NameArgs {
    /// Its name, as `jct agents list` shows it
    name: String,
}

/// Arguments of `jct agents stop`.
#[derive(Debug, Args)]
pub(crate) struct StopArgs {
    /// Its name, as `jct agents list` shows it
    name: String,
    /// Why; shown by `jct explain`
    #[arg(long)]
    reason: Option<String>,
}

/// Arguments of `jct agents limit`.
#[derive(Debug, Args)]
#[command(group(ArgGroup::new("limit").required(true).args(["most", "none"])))]
pub(crate) struct LimitArgs {
    /// Its name, as `jct agents list` shows it
    name: String,
    /// The most tasks at once
    #[arg(value_parser = clap::value_parser!(u32).range(1..=10_000))]
    most: Option<u32>,
    /// No limit
    #[arg(long)]
    none: bool,
}

pub(crate) fn run(command: AgentsCommand, context: &Context) -> Result<Exit, Failure> {
    let (client, output) = (context.client()?, context.output());
    match command {
        AgentsCommand::List => list(&client.get(&["agents"])?.json()?, output)?,
        AgentsCommand::Show(NameArgs { name }) => show(&client.get(&["agents", &name])?.json()?, output)?,
        AgentsCommand::Start(NameArgs { name }) => {
            done(&client.post(&["agents", &name, "start"], &json!({}))?.json()?, output)?;
        }
        AgentsCommand::Stop(StopArgs { name, reason }) => {
            done(&client.post(&["agents", &name, "stop"], &json!({ "reason": reason }))?.json()?, output)?;
        }
        AgentsCommand::Limit(LimitArgs { name, most, none: _ }) => {
            let body = json!({ "max_concurrent_tasks": most }).to_string().into_bytes();
            let request = Request { path: &["agents", &name], body: Some(body), ..Request::default() };
            show(&client.send(&Method::PATCH, request)?.json()?, output)?;
        }
    }
    Ok(Exit::Success)
}

fn done(answer: &Value, output: &Output) -> Result<(), Failure> {
    if output.is_json() { output.document(answer) } else { output.line(text(answer, "message")) }
}

fn list(agents: &Value, output: &Output) -> Result<(), Failure> {
    if output.is_json() {
        return output.document(agents);
    }
    let now = SystemClock.now();
    let rows: Vec<_> = items(agents).map(|agent| row(agent, now)).collect();
    if rows.is_empty() {
        output.note("no agent has registered; start a worker with `jct up` or `jct-worker`");
        return Ok(());
    }
    output.table(&COLUMNS, &rows)
}

fn row(agent: &Value, now: Timestamp) -> Vec<String> {
    vec![
        text(agent, "name"),
        text(agent, "type"),
        text(agent, "status"),
        text(agent, "health"),
        running(agent),
        text(agent, "tasks_completed"),
        text(agent, "tasks_failed"),
        moment(agent, "last_heartbeat", now),
    ]
}

fn running(agent: &Value) -> String {
    match agent.get("max_concurrent_tasks").filter(|limit| !limit.is_null()) {
        Some(limit) => format!("{} of {limit}", text(agent, "running_tasks")),
        None => text(agent, "running_tasks"),
    }
}

fn show(agent: &Value, output: &Output) -> Result<(), Failure> {
    if output.is_json() {
        return output.document(agent);
    }
    let now = SystemClock.now();
    let held = Some(text(agent, "held_by")).filter(|held| !held.is_empty());
    output.fields(&[
        ("agent", Some(text(agent, "name"))),
        ("type", Some(text(agent, "type"))),
        ("status", Some(text(agent, "status"))),
        ("held by", held),
        ("health", Some(text(agent, "health"))),
        ("description", Some(text(agent, "description"))),
        ("capabilities", Some(text(agent, "capabilities"))),
        ("running", Some(running(agent))),
        ("completed", Some(text(agent, "tasks_completed"))),
        ("failed", Some(text(agent, "tasks_failed"))),
        ("counted since", Some(moment(agent, "counted_since", now))),
        ("mean time", agent.get("average_response_time").and_then(Value::as_u64).map(|millis| format!("{millis} ms"))),
        ("last error", agent.get("last_error").and_then(Value::as_str).map(str::to_owned)),
        ("last seen", Some(moment(agent, "last_heartbeat", now)).filter(|seen| !seen.is_empty())),
    ])
}
