//! One task.

use jct_tower::access::Scope;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use crate::arguments;
use crate::call::Call;
use crate::tool::{Effect, Outcome, Tool, members};
use crate::views;

/// `jct_get_task`.
pub(super) enum GetTask {}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Arguments {
    /// The task, a UUID.
    task_id: String,
}

impl Tool for GetTask {
    const NAME: &'static str = "jct_get_task";
    const TITLE: &'static str = "Get a task";
    const DESCRIPTION: &'static str = "Gives one task whole: what is wanted, where it stands, its result or its error.";
    const SCOPES: &'static [Scope] = &[Scope::TasksRead];
    const ERROR: &'static str = "GET_TASK_ERROR";
    const EFFECT: Effect = Effect::Reads;
    type Arguments = Arguments;

    async fn run(call: &Call, arguments: Arguments) -> Outcome {
        let record = call.tower.task(arguments::parse("task_id", &arguments.task_id)?).await?;
        Ok(members(json!({"task": views::task(&record)})))
    }
}
