//! Saying that one still works on a task.

use jct_lifecycle::Fence;
use jct_tower::access::Scope;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::claim_task::lease;
use crate::arguments;
use crate::call::Call;
use crate::errors::of_hold;
use crate::failure::Failure;
use crate::tool::{Effect, Outcome, Tool, members};

/// `jct_heartbeat`.
pub(super) enum Heartbeat {}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Arguments {
    /// The task that you claimed, a UUID.
    task_id: String,
    /// The fence of your lease. Without it the living lease counts if it is yours.
    fence: Option<String>,
}

impl Tool for Heartbeat {
    const NAME: &'static str = "jct_heartbeat";
    const TITLE: &'static str = "Renew a claim";
    const DESCRIPTION: &'static str = "Says that you still work on a task that you claimed, and renews the lease: never \
        beyond the time budget of the task. Send it every few minutes.";
    const SCOPES: &'static [Scope] = &[Scope::TasksExecute];
    const ERROR: &'static str = "HEARTBEAT_ERROR";
    const EFFECT: Effect = Effect::WritesOnce;
    type Arguments = Arguments;

    async fn run(call: &Call, arguments: Arguments) -> Outcome {
        let task_id = arguments::parse("task_id", &arguments.task_id)?;
        let fence = fence(arguments.fence.as_deref())?;
        let taken = call.tower.taken_renew(task_id, fence, call.caller.principal()).await.map_err(of_hold)?;
        Ok(members(json!({"task_id": task_id, "run_id": taken.run_id, "lease": lease(&taken)})))
    }
}

/// The fence that an agent sends back.
pub(super) fn fence(text: Option<&str>) -> Result<Option<Fence>, Failure> {
    text.map(|text| arguments::parse("fence", text)).transpose()
}
