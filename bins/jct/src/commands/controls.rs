//! `jct controls` and `jct kill`: holding and stopping work by what it is about.

use clap::{ArgGroup, Args, Subcommand};
use jct_contract::Timestamp;
use serde_json::{Value, json};
use ureq::http::Method;

use super::cells::{moment, text};
use super::jobs::warn;
use super::page::List;
use crate::client::Request;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Column, Output};

const COLUMNS: [Column; 7] = [
    Column::Plain("CONTROL"),
    Column::Plain("MODE"),
    Column::Plain("ABOUT"),
    Column::Plain("BY"),
    Column::Plain("SET"),
    Column::Plain("LIFTED"),
    Column::Plain("REASON"),
];

/// What to do with controls.
#[derive(Debug, Subcommand)]
pub(crate) enum ControlsCommand {
    /// Hold work, or stop it
    Create(CreateArgs),
    /// List the controls in force, newest first
    #[command(after_help = "Examples:\n  jct controls list\n  jct controls list --all --limit 10")]
    List(ListArgs),
    /// Lift a control; what was called off stays so
    Lift(LiftArgs),
}

/// What a control is about: one of these.
#[derive(Debug, Args)]
#[command(group(ArgGroup::new("about").required(true).args(["all", "repo", "operation", "agent", "policy"])))]
pub(crate) struct AboutArgs {
    /// Everything
    #[arg(long)]
    all: bool,
    /// A repository, or all below an owner or a group
    #[arg(long, value_name = "PREFIX")]
    repo: Option<String>,
    /// A kind of work: code_change, docs, analysis or ops
    #[arg(long)]
    operation: Option<String>,
    /// A worker, an executor, an adapter, or whoever takes tasks from outside
    #[arg(long, value_name = "NAME")]
    agent: Option<String>,
    /// What a policy let in
    #[arg(long, value_name = "DIGEST")]
    policy: Option<String>,
}

/// Arguments of `jct controls create`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  jct controls create --repo myorg/app --reason 'the release is broken'
  jct controls create --operation code_change --mode kill --reason 'freeze'")]
pub(crate) struct CreateArgs {
    #[command(flatten)]
    about: AboutArgs,
    /// hold: nothing is begun, what runs goes on; kill: what runs is called off too
    #[arg(long, default_value = "hold", value_parser = ["hold", "kill"])]
    mode: String,
    /// Why; shown by `jct explain`
    #[arg(long)]
    reason: String,
}

/// Arguments of `jct kill`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  jct kill --repo myorg/app --reason 'it deletes things'
  jct kill --all --reason 'stop everything'

Nothing of it is begun until the control is lifted: jct controls lift CONTROL")]
pub(crate) struct KillArgs {
    #[command(flatten)]
    about: AboutArgs,
    /// Why; shown by `jct explain`
    #[arg(long)]
    reason: String,
}

/// Arguments of `jct controls list`.
#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    /// Those that were lifted too
    #[arg(long)]
    all: bool,
    /// How many at most
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=500))]
    limit: u32,
    /// Go on where a page before ended
    #[arg(long)]
    cursor: Option<String>,
}

/// Arguments of `jct controls lift`.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  jct controls lift 0198c1f2-7c1e-7abc-8def-0123456789ab")]
pub(crate) struct LiftArgs {
    /// Its id, as `jct controls list` shows it
    control: String,
}

impl AboutArgs {
    fn scope(&self) -> (&'static str, Option<&str>) {
        let named =
            [("repo", &self.repo), ("operation", &self.operation), ("agent", &self.agent), ("policy", &self.policy)];
        let named = named.into_iter().find_map(|(kind, value)| Some((kind, value.as_deref()?)));
        named.map_or(("all", None), |(kind, value)| (kind, Some(value)))
    }
}

pub(crate) fn run(command: ControlsCommand, context: &Context) -> Result<Exit, Failure> {
    match command {
        ControlsCommand::Create(CreateArgs { about, mode, reason }) => create(&about, &mode, &reason, context),
        ControlsCommand::List(args) => list(args, context),
        ControlsCommand::Lift(LiftArgs { control }) => {
            let request = Request { path: &["controls", &control], ..Request::default() };
            let lifted = context.client()?.send(&Method::DELETE, request)?.json()?;
            print(&lifted, "lifted", context.output())
        }
    }
}

/// `jct kill`.
pub(crate) fn kill(args: &KillArgs, context: &Context) -> Result<Exit, Failure> {
    create(&args.about, "kill", &args.reason, context)
}

fn create(about: &AboutArgs, mode: &str, reason: &str, context: &Context) -> Result<Exit, Failure> {
    let (scope, value) = about.scope();
    let body = json!({ "scope": scope, "value": value, "mode": mode, "reason": reason });
    let control = context.client()?.post(&["controls"], &body)?.json()?;
    let exit = print(&control, "in force", context.output())?;
    warn(&control, context.output());
    Ok(exit)
}

fn list(args: ListArgs, context: &Context) -> Result<Exit, Failure> {
    let ListArgs { all, limit, cursor } = args;
    let mut query = vec![("limit", limit.to_string())];
    query.extend((!all).then(|| ("active", "true".to_owned())));
    query.extend(cursor.map(|cursor| ("cursor", cursor)));
    let path = ["controls"];
    List { path: &path, name: "controls", none: "no control is in force", columns: &COLUMNS, row }.show(&query, context)
}

fn row(control: &Value, now: Timestamp) -> Vec<String> {
    vec![
        text(control, "id"),
        text(control, "mode"),
        about(control),
        text(control, "created_by"),
        moment(control, "created_at", now),
        moment(control, "lifted_at", now),
        text(control, "reason"),
    ]
}

fn about(control: &Value) -> String {
    format!("{} {}", text(control, "scope"), text(control, "value")).trim_end().to_owned()
}

fn print(control: &Value, now: &str, output: &Output) -> Result<Exit, Failure> {
    if output.is_json() {
        output.document(control)?;
    } else {
        output.line(format!(
            "control {} ({} {}) is {now}",
            text(control, "id"),
            text(control, "mode"),
            about(control)
        ))?;
    }
    Ok(Exit::Success)
}

#[cfg(test)]
mod tests {
    use jct_contract::{Clock as _, SystemClock};

    use super::*;

    #[test]
    fn a_row_says_what_a_control_is_about() {
        let at = SystemClock.now();
        let control = json!({"id": "c1", "mode": "kill", "scope": "repo", "value": "myorg", "created_by": "ana",
            "created_at": at.to_string(), "lifted_at": null, "reason": "x"});
        assert_eq!(row(&control, at)[..4], ["c1", "kill", "repo myorg", "ana"]);
        assert_eq!(about(&json!({"scope": "all", "value": null})), "all");
    }
}
