//! Which tasks there are.

use jct_contract::Operation;
use jct_lifecycle::TaskStatus;
use jct_store::model::{PageStart, TaskFilter};
use jct_tower::access::Scope;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::arguments;
use crate::call::Call;
use crate::tool::{Effect, Outcome, Tool, members};
use crate::views;

/// `jct_list_tasks`.
pub(super) enum ListTasks {}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Arguments {
    /// Only tasks with this status: `pending`, `queued`, `running`, `completed`, `failed` or `cancelled`.
    #[serde(default = "queued")]
    status: String,
    /// Only tasks with this operation: `code_change`, `docs`, `analysis` or `ops`.
    operation: Option<String>,
    /// How many at most, newest first: 1 to 500.
    #[serde(default = "ten")]
    limit: u32,
}

fn queued() -> String {
    TaskStatus::Queued.as_str().to_owned()
}

const fn ten() -> u32 {
    10
}

impl Tool for ListTasks {
    const NAME: &'static str = "jct_list_tasks";
    const TITLE: &'static str = "List tasks";
    const DESCRIPTION: &'static str =
        "Lists tasks of the control tower, newest first; by default those that are queued and can be claimed.";
    const SCOPES: &'static [Scope] = &[Scope::TasksRead];
    const ERROR: &'static str = "LIST_TASKS_ERROR";
    const EFFECT: Effect = Effect::Reads;
    type Arguments = Arguments;

    async fn run(call: &Call, arguments: Arguments) -> Outcome {
        let Arguments { status, operation, limit } = arguments;
        let status: TaskStatus = arguments::parse("status", &status)?;
        let operation: Option<Operation> =
            operation.map(|operation| arguments::parse("operation", &operation)).transpose()?;
        let limit = arguments::limit(limit)?;
        let filter = TaskFilter { status: Some(status), operation, ..TaskFilter::default() };
        let page = call.tower.tasks(filter, PageStart::Offset(0), limit).await?;
        let tasks: Vec<Value> = page.items.iter().map(views::summary).collect();
        Ok(members(json!({"count": tasks.len(), "tasks": tasks})))
    }
}
