//! What is known about a task: its issue, the newest context packet, the limits and the rules.

use jct_tower::access::Scope;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use crate::arguments;
use crate::call::Call;
use crate::tool::{Effect, Outcome, Tool, members};
use crate::views::Background;

/// `jct_get_context`.
pub(super) enum GetContext {}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Arguments {
    /// The task, a UUID.
    task_id: String,
}

impl Tool for GetContext {
    const NAME: &'static str = "jct_get_context";
    const TITLE: &'static str = "Get the context of a task";
    const DESCRIPTION: &'static str = "Gives what is known about a task: its issue, the newest context packet, the \
        constraint snapshot and the doctrine to follow. All are null for a task without work objects.";
    const SCOPES: &'static [Scope] = &[Scope::TasksRead, Scope::CwomRead];
    const ERROR: &'static str = "GET_CONTEXT_ERROR";
    const EFFECT: Effect = Effect::Reads;
    type Arguments = Arguments;

    async fn run(call: &Call, arguments: Arguments) -> Outcome {
        let task_id = arguments::parse("task_id", &arguments.task_id)?;
        let record = call.tower.task(task_id).await?;
        let mut answer = members(json!({"task_id": task_id}));
        answer.extend(Background::of(call, &record).await?.members()?);
        Ok(answer)
    }
}
