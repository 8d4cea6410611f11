//! Claiming a task: the one that is named, for the principal that calls.

use jct_tower::access::Scope;
use jct_tower::taken::{HEARTBEAT, Taken};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::arguments;
use crate::call::Call;
use crate::errors::of_claim;
use crate::tool::{Effect, Outcome, Tool, members};
use crate::views::{self, Background};

/// `jct_claim_task`.
pub(super) enum ClaimTask {}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Arguments {
    /// The task, a UUID.
    task_id: String,
}

impl Tool for ClaimTask {
    const NAME: &'static str = "jct_claim_task";
    const TITLE: &'static str = "Claim a task";
    const DESCRIPTION: &'static str = "Claims one queued task for you: nobody else can work on it while your lease \
        lasts. Keep `lease.fence` and send it with every jct_heartbeat, jct_report_artifact and jct_complete_task. The \
        lease ends at `lease.expires_at`; send jct_heartbeat every few minutes, or the task fails. Work outside the \
        tower's sandbox is not verified by it: a reviewer decides.";
    const SCOPES: &'static [Scope] = &[Scope::TasksExecute];
    const ERROR: &'static str = "CLAIM_TASK_ERROR";
    const EFFECT: Effect = Effect::Writes;
    type Arguments = Arguments;

    async fn run(call: &Call, arguments: Arguments) -> Outcome {
        let task_id = arguments::parse("task_id", &arguments.task_id)?;
        let taken = call.tower.taken_claim(task_id, call.caller.principal()).await.map_err(of_claim)?;
        let Taken { record, run_id, .. } = &taken;
        let task = &record.task;
        let mut answer = members(json!({
            "task_id": task_id,
            "run_id": run_id,
            "trace_id": record.trace_id.as_str(),
            "objective": task.objective(),
            "operation": task.operation().as_str(),
            "target": views::target(task),
            "constraints": views::constraints(task),
            "acceptance_criteria": task.acceptance_criteria(),
            "evidence_requirements": task.evidence_requirements(),
            "inputs": task.inputs(),
            "lease": lease(&taken),
        }));
        answer.extend(background(call, &taken).await);
        Ok(answer)
    }
}

/// The lease as its holder sees it.
pub(super) fn lease(taken: &Taken) -> Value {
    json!({
        "fence": taken.lease.fence.to_string(),
        "attempt": taken.lease.attempt,
        "expires_at": taken.lease.expires_at,
        "heartbeat_seconds": HEARTBEAT.as_secs(),
    })
}

/// What is known about the task, for those who may see it. The task is claimed: an answer without its context is better
/// than none with the fence lost.
async fn background(call: &Call, taken: &Taken) -> Map<String, Value> {
    let missing = |why: &str| {
        members(json!({"issue": null, "context_packet": null, "constraint_snapshot": null, "context_withheld": why}))
    };
    if !call.caller.allows(Scope::CwomRead) {
        return missing("the key lacks the scope cwom:read");
    }
    let found = match Background::of(call, &taken.record).await {
        Ok(background) => background.members(),
        Err(failure) => Err(failure),
    };
    found.unwrap_or_else(|failure| {
        let trace_id = call.caller.trace_id.as_str();
        let _logged = failure.into_value(ClaimTask::NAME, ClaimTask::ERROR, trace_id);
        missing("it could not be read; ask for it with jct_get_context")
    })
}
