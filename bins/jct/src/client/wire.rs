//! What the tables read of the tower's answers. `--json` passes the answers on as they came, so a field that is
//! missing here is missing only for people.

use serde::Deserialize;
use serde_json::Value;

use crate::exit::Exit;
use crate::failure::Failure;

/// A task.
#[derive(Debug, Deserialize)]
pub(crate) struct Task {
    pub(crate) task_id: String,
    pub(crate) status: String,
    pub(crate) operation: String,
    pub(crate) objective: String,
    pub(crate) target: Target,
    pub(crate) requested_by: RequestedBy,
    pub(crate) created_at: String,
    #[serde(default)]
    pub(crate) queued_at: Option<String>,
    #[serde(default)]
    pub(crate) started_at: Option<String>,
    #[serde(default)]
    pub(crate) completed_at: Option<String>,
    #[serde(default)]
    pub(crate) assigned_to: Option<String>,
    #[serde(default)]
    pub(crate) result: Option<Value>,
    #[serde(default)]
    pub(crate) error: Option<String>,
    #[serde(default)]
    pub(crate) reason: Option<String>,
    #[serde(default)]
    pub(crate) trace_path: Option<String>,
    #[serde(default)]
    pub(crate) trace_id: Option<String>,
    #[serde(default)]
    pub(crate) cwom_issue_id: Option<String>,
}

/// What a task works on.
#[derive(Debug, Deserialize)]
pub(crate) struct Target {
    pub(crate) repo: String,
    #[serde(rename = "ref")]
    pub(crate) ref_: String,
    #[serde(default)]
    pub(crate) path: String,
}

/// Who wants it done.
#[derive(Debug, Deserialize)]
pub(crate) struct RequestedBy {
    pub(crate) kind: String,
    pub(crate) id: String,
}

impl Task {
    /// Whether nothing can follow.
    pub(crate) fn is_final(&self) -> bool {
        self.status.parse().is_ok_and(jct_lifecycle::TaskStatus::is_final)
    }

    /// What the task works on, as one text.
    pub(crate) fn place(&self) -> String {
        let Target { repo, ref_, path } = &self.target;
        if path.is_empty() { format!("{repo}@{ref_}") } else { format!("{repo}@{ref_}:{path}") }
    }
}

impl Task {
    /// Reads a task out of an answer.
    pub(crate) fn read(value: &Value) -> Result<Self, Failure> {
        Self::deserialize(value).map_err(|error| unexpected(&error))
    }
}

/// The answer has not the shape that this client knows.
pub(crate) fn unexpected(error: &serde_json::Error) -> Failure {
    Failure::caused(Exit::Unavailable, "the answer is not what a tower of this version says", error)
        .hint("check that --url names a tower, and compare `jct --version` with its /version")
}
