//! `jct workflows watch`: the steps of a run as they move, until it is over.

use std::collections::HashMap;
use std::thread;
use std::time::Duration;

use clap::Args;
use jct_event::WorkflowRunStatus;
use serde_json::Value;

use super::step;
use crate::client::Client;
use crate::commands::cells::{items, text};
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;

/// Between two looks.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Failed looks in a row after which the tower counts as gone.
const PATIENCE: u32 = 8;

/// Arguments of `jct workflows watch`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  jct workflows watch security_scan 01890a5d-ac96-774b-bcce-b302099a8057
  jct workflows watch security_scan 01890a5d-ac96-774b-bcce-b302099a8057 --json | jq -r 'select(.dependencies) | .id'

Looks once a second. Ends with 0 if the run succeeded, with 1 if it failed or was cancelled. With --json: each \
step as it moves, one a line, and the run with its steps as the last line. `jct watch TASK` follows the task of a \
step.")]
pub(crate) struct WatchArgs {
    /// The workflow, by its name or its id
    workflow: String,
    /// The run, by its id
    run: String,
}

pub(super) fn run(args: &WatchArgs, context: &Context) -> Result<Exit, Failure> {
    let client = context.client()?;
    // An unknown run is told as such, and a tower that is not there at once.
    client.get(&["workflows", &args.workflow, "runs", &args.run])?;
    follow(&client, &args.workflow, &args.run, context.output())
}

/// Shows every step that moves until the run is over, and how it ended.
pub(super) fn follow(client: &Client, workflow: &str, run: &str, output: &Output) -> Result<Exit, Failure> {
    let path = ["workflows", workflow, "runs", run];
    let (mut seen, mut failed) = (Seen::default(), 0);
    loop {
        match client.get(&path).and_then(|answer| answer.json()) {
            Ok(view) => {
                failed = 0;
                seen.moved(&view).into_iter().try_for_each(|step| show(step, output))?;
                if is_over(&view) {
                    return ended(&view, output);
                }
            }
            // A tower that restarts is back in a moment.
            Err(failure) if failure.exit() == Exit::Unavailable && failed < PATIENCE => failed += 1,
            Err(failure) => return Err(failure),
        }
        thread::sleep(LOOK_EVERY);
    }
}

fn show(step: &Value, output: &Output) -> Result<(), Failure> {
    if output.is_json() { output.record(step) } else { output.line(step::line(step)) }
}

fn is_over(view: &Value) -> bool {
    text(view, "status").parse().is_ok_and(WorkflowRunStatus::is_final)
}

fn ended(view: &Value, output: &Output) -> Result<Exit, Failure> {
    let status = text(view, "status");
    if output.is_json() {
        output.record(view)?;
    } else {
        let why = Some(text(view, "error")).filter(|why| !why.is_empty());
        let why = why.map(|why| format!(": {why}")).unwrap_or_default();
        output.line(format!("run {} {status}{why}", text(view, "id")))?;
    }
    Ok(if status == "succeeded" { Exit::Success } else { Exit::Negative })
}

/// Where each step was when it was last looked at: its status, and how often it was tried.
#[derive(Debug, Default)]
struct Seen(HashMap<String, (String, usize)>);

impl Seen {
    /// The steps that are no longer where they were. At first every step waits.
    fn moved<'v>(&mut self, view: &'v Value) -> Vec<&'v Value> {
        let steps = view.get("steps").into_iter().flat_map(items);
        steps.filter(|step| self.note(step)).collect()
    }

    /// Remembers where a step is; whether it was elsewhere before.
    fn note(&mut self, step: &Value) -> bool {
        let now = (text(step, "status"), step::attempts(step));
        let before = self.0.insert(text(step, "id"), now.clone());
        before.unwrap_or_else(|| ("waiting".to_owned(), 0)) != now
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(seen: &mut Seen, steps: &[(&str, &str, usize)], expect: &[&str]) {
        let steps: Vec<_> = steps
            .iter()
            .map(|(id, status, tries)| json!({"id": id, "status": status, "attempts": vec![Value::Null; *tries]}))
            .collect();
        let view = json!({ "steps": steps });
        let moved: Vec<_> = seen.moved(&view).into_iter().map(|step| text(step, "id")).collect();
        assert_eq!(moved, expect);
    }

    #[test]
    fn a_step_is_shown_when_it_moves_and_only_then() {
        let mut seen = Seen::default();
        check(&mut seen, &[("a", "ready", 0), ("b", "waiting", 0)], &["a"]);
        check(&mut seen, &[("a", "ready", 0), ("b", "waiting", 0)], &[]);
        check(&mut seen, &[("a", "running", 1), ("b", "waiting", 0)], &["a"]);
        check(&mut seen, &[("a", "running", 2), ("b", "waiting", 0)], &["a"]);
        check(&mut seen, &[("a", "succeeded", 2), ("b", "ready", 0)], &["a", "b"]);
    }

    #[test]
    fn a_run_is_over_when_the_tower_says_so() {
        for (status, expect) in [("running", false), ("stopping", false), ("succeeded", true), ("cancelled", true)] {
            assert_eq!(is_over(&json!({ "status": status })), expect, "{status}");
        }
        assert!(!is_over(&Value::Null) && !is_over(&json!({"status": "asleep"})));
    }
}
