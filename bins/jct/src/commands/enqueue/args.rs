//! The arguments of `jct enqueue`.

use std::path::PathBuf;
use std::str::FromStr;

use clap::Args;
use serde_json::Value;

/// Arguments of `jct enqueue`.
#[derive(Debug, Default, Args)]
#[command(after_help = "Examples:
  jct enqueue task.json --watch
  jq '.objective = \"Survey it again\"' task.json | jct enqueue -
  jct enqueue --repo myorg/app --objective 'Report on the code' --operation analysis --watch
  jct enqueue --repo myorg/app --objective 'Run the tests' --operation ops \\
      --budget 600 --watch -- cargo test --workspace

The same --idempotency-key with the same task answers with the task first made; with another task it \
ends with 7. A refusal by the contract or by policy ends with 3 and names every violation.

With --json: the tower's answer; with --watch the events follow, one a line, and the task as the last \
line.")]
pub(crate) struct EnqueueArgs {
    /// File with the task as JSON, or `-` for standard input; without it the flags make the task
    #[arg(value_name = "FILE", required_unless_present_all = ["repo", "objective"])]
    pub(super) file: Option<PathBuf>,
    /// Makes it safe to hand in the same task again
    #[arg(long, value_name = "KEY")]
    pub(super) idempotency_key: Option<String>,
    /// Keep the task `pending` until `jct release`
    #[arg(long)]
    pub(super) hold: bool,
    /// Leave out the task's work objects: no issue, no context, no runs [default: as the tower is configured]
    #[arg(long)]
    pub(super) no_cwom: bool,
    /// Follow the task until it ends, and end with its outcome
    #[arg(long)]
    pub(super) watch: bool,
    #[command(flatten)]
    pub(super) spec: SpecArgs,
}

/// The task itself as flags.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "The task")]
pub(super) struct SpecArgs {
    /// Repository to work on
    #[arg(long, value_name = "OWNER/NAME", conflicts_with = "file")]
    pub(super) repo: Option<String>,
    /// What is to be achieved
    #[arg(long, conflicts_with = "file")]
    pub(super) objective: Option<String>,
    /// The kind of work: code_change, docs, analysis or ops [default: ops with a command, else analysis]
    #[arg(long, conflicts_with = "file")]
    pub(super) operation: Option<String>,
    /// Branch, tag or commit [default: main]
    #[arg(long = "ref", value_name = "REF", conflicts_with = "file")]
    pub(super) ref_: Option<String>,
    /// Folder or file inside the repository
    #[arg(long, conflicts_with = "file")]
    pub(super) path: Option<String>,
    /// Time for one attempt, in seconds [default: 900]
    #[arg(long, value_name = "SECONDS", conflicts_with = "file")]
    pub(super) budget: Option<i64>,
    /// Who wants it done, as KIND:ID with kind human, agent or system [default: human:$USER]
    #[arg(long, value_name = "KIND:ID", conflicts_with = "file")]
    pub(super) requested_by: Option<Requester>,
    /// A free-form input: NAME=TEXT, or NAME:=JSON for anything that is no text
    #[arg(long, value_name = "NAME=VALUE", conflicts_with = "file")]
    pub(super) input: Vec<Pair>,
    /// A free-form note of your own, written like an input
    #[arg(long, value_name = "NAME=VALUE", conflicts_with = "file")]
    pub(super) metadata: Vec<Pair>,
    /// When the task counts as done; repeatable
    #[arg(long, value_name = "TEXT", conflicts_with = "file")]
    pub(super) accept: Vec<String>,
    /// What has to be shown to prove it; repeatable
    #[arg(long, value_name = "TEXT", conflicts_with = "file")]
    pub(super) evidence: Vec<String>,
    /// Command to run, word by word after a lone `--`; a lone `;` begins the next command
    #[arg(last = true, value_name = "COMMAND", conflicts_with = "file")]
    pub(super) command: Vec<String>,
}

/// A requester on the command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Requester {
    pub(super) kind: String,
    pub(super) id: String,
}

impl FromStr for Requester {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (kind, id) = text.split_once(':').ok_or("write it as `human:ada`, `agent:jules` or `system:nightly`")?;
        Ok(Self { kind: kind.to_owned(), id: id.to_owned() })
    }
}

/// A name and a value on the command line.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Pair {
    pub(super) name: String,
    pub(super) value: Value,
}

impl FromStr for Pair {
    type Err = String;

    /// `NAME=TEXT` is always text, so that `--input version=1.10` does not become a number.
    fn from_str(text: &str) -> Result<Self, String> {
        let (name, value) = text.split_once('=').ok_or("write it as `name=text` or `name:=json`")?;
        let pair = match name.strip_suffix(':') {
            Some(name) => {
                let value = serde_json::from_str(value).map_err(|error| format!("`{value}` is not JSON: {error}"))?;
                Self { name: name.to_owned(), value }
            }
            None => Self { name: name.to_owned(), value: Value::String(value.to_owned()) },
        };
        if pair.name.is_empty() { Err("the name is empty".to_owned()) } else { Ok(pair) }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn pairs_are_text_unless_told_otherwise() {
        let pair = |text: &str| text.parse::<Pair>().map(|pair| (pair.name, pair.value));
        assert_eq!(pair("a=1.10"), Ok(("a".to_owned(), json!("1.10"))));
        assert_eq!(pair("a=b=c"), Ok(("a".to_owned(), json!("b=c"))));
        assert_eq!(pair("a:=[1,true]"), Ok(("a".to_owned(), json!([1, true]))));
        for bad in ["a", "=1", ":=1", "a:=x"] {
            assert!(pair(bad).is_err(), "{bad}");
        }
    }
}
