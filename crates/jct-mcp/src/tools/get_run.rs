//! One run.

use jct_tower::access::Scope;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use crate::arguments;
use crate::call::Call;
use crate::tool::{Effect, Outcome, Tool, members};
use crate::views;

/// `jct_get_run`.
pub(super) enum GetRun {}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Arguments {
    /// The run, a UUID.
    run_id: String,
}

impl Tool for GetRun {
    const NAME: &'static str = "jct_get_run";
    const TITLE: &'static str = "Get a run";
    const DESCRIPTION: &'static str = "Gives one run: who did it, how it ended, and its evidence pack and review once \
        there are any.";
    const SCOPES: &'static [Scope] = &[Scope::CwomRead];
    const ERROR: &'static str = "GET_RUN_ERROR";
    const EFFECT: Effect = Effect::Reads;
    type Arguments = Arguments;

    async fn run(call: &Call, arguments: Arguments) -> Outcome {
        let view = call.tower.run_view(arguments::parse("run_id", &arguments.run_id)?).await?;
        Ok(members(json!({"run": views::run(&view)?})))
    }
}
