//! `jct runs push`: an approved change becomes a branch of its repository.

use clap::Args;
use serde_json::{Value, json};

use crate::commands::cells::text;
use crate::commands::chosen::ChosenRun;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;

/// Arguments of `jct runs push`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  jct runs push 01890a5d-ac96-774b-bcce-b302099a8057
  jct runs push 01890a5d-ac96-774b-bcce-b302099a8057 --branch jct/faster-start

The tower pushes, to the place that it fetches the repository from, and never with force; again with the \
same commit changes nothing. Needs a key with the scope `runs:push`. Ends with 7 if the change is not \
approved, is not the approved one any more, if the branch exists with another commit, or if the \
repository refuses it.

With --json: {\"run_id\", \"task_id\", \"repo\", \"branch\", \"commit\", \"created\"}.")]
pub(crate) struct PushArgs {
    /// The run, or a task: its latest run
    run: String,
    /// Branch to push to; begins with `jct/` [default: jct/TASK]
    #[arg(long)]
    branch: Option<String>,
}

pub(super) fn run(args: &PushArgs, context: &Context) -> Result<Exit, Failure> {
    let client = context.client()?;
    let chosen = ChosenRun::find(&client, &args.run)?;
    let body = args.branch.as_ref().map_or_else(|| json!({}), |branch| json!({ "branch": branch }));
    let pushed: Value = client.post(&["runs", &chosen.id(), "push"], &body)?.json()?;
    let output = context.output();
    if output.is_json() {
        output.document(&pushed)?;
    } else {
        let given = |name: &str| Some(text(&pushed, name)).filter(|text| !text.is_empty());
        output.fields(&[("repository", given("repo")), ("branch", given("branch")), ("commit", given("commit"))])?;
        if pushed.get("created") == Some(&Value::Bool(false)) {
            output.note("the branch was there already, with this commit");
        }
    }
    Ok(Exit::Success)
}
