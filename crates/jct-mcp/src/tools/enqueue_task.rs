//! Handing a task in.

use jct_tower::access::Scope;
use jct_tower::intake::EnqueueRequest;
use serde_json::json;

use super::task_spec::TaskArguments;
use crate::call::Call;
use crate::errors::of_enqueue;
use crate::tool::{Effect, Outcome, Tool, members};

/// `jct_enqueue_task`.
pub(super) enum EnqueueTask {}

impl Tool for EnqueueTask {
    const NAME: &'static str = "jct_enqueue_task";
    const TITLE: &'static str = "Enqueue a task";
    const DESCRIPTION: &'static str = "Hands a task in. The policy of the tower admits or refuses it; an admitted task \
        is durable. Agree on repository and operation with your user first. Send an idempotency_key to be able to repeat \
        the call safely.";
    const SCOPES: &'static [Scope] = &[Scope::TasksWrite];
    const ERROR: &'static str = "ENQUEUE_TASK_ERROR";
    const EFFECT: Effect = Effect::Writes;
    type Arguments = TaskArguments;

    async fn run(call: &Call, arguments: TaskArguments) -> Outcome {
        let (priority, create_objects) = (arguments.priority()?, Some(arguments.create_cwom));
        let principal = call.caller.principal();
        let spec = arguments.spec(&principal)?;
        let trace_id = call.caller.trace_id.clone();
        let request = EnqueueRequest { spec, trace_id, principal, hold: false, create_objects };
        let taken = call.tower.enqueue_with_priority(request, priority).await;
        let taken = taken.map_err(|error| of_enqueue(error, &call.caller))?;
        let mut answer = members(json!({
            "task_id": taken.record.id,
            "trace_id": taken.record.trace_id.as_str(),
            "status": taken.record.state.status().as_str(),
            "repeated": taken.replayed,
        }));
        if let Some(objects) = &taken.objects {
            let cwom = json!({
                "repo_id": objects.repo,
                "issue_id": objects.issue,
                "context_packet_id": objects.context_packet,
                "constraint_snapshot_id": objects.constraint_snapshot,
            });
            answer.insert("cwom".to_owned(), cwom);
        }
        Ok(answer)
    }
}
