//! What the names of an expression stand for.

use cel::Value as Cel;
use jct_contract::{EventId, Timestamp, WorkflowRunId};
use jct_event::NewEvent;
use serde_json::{Map, Value, json};

use super::values::to_cel;
use crate::StepId;
use crate::run::StepStatus;

/// What became of a step, for the steps after it.
#[derive(Clone, Debug, PartialEq)]
pub struct StepOutcome {
    /// How it ended.
    pub status: StepStatus,
    /// The result of its task, `null` if there is none.
    pub result: Value,
}

/// What the names of an expression stand for. Made once for a trigger or a step, and used for all its expressions.
#[derive(Clone, Debug)]
pub struct Context {
    variables: Vec<(&'static str, Cel)>,
}

impl Context {
    /// What a trigger sees: `event`.
    #[must_use]
    pub fn for_trigger(event: &Value) -> Self {
        Self { variables: vec![("event", to_cel(event))] }
    }

    /// What a step sees: `event`, `steps` with the outcomes of the steps it waits for, `run.id` and `workflow.name` and
    /// `.version`. `event` is `null` in a run that was started by hand.
    #[must_use]
    pub fn for_step<'s>(
        event: &Value,
        run: WorkflowRunId,
        workflow: (&str, u32),
        outcomes: impl IntoIterator<Item = (&'s StepId, &'s StepOutcome)>,
    ) -> Self {
        let outcomes = outcomes.into_iter().map(|(id, outcome)| {
            (id.to_string(), json!({"status": outcome.status.as_str(), "result": outcome.result}))
        });
        let steps = Value::Object(outcomes.collect());
        let (name, version) = workflow;
        Self {
            variables: vec![
                ("event", to_cel(event)),
                ("steps", to_cel(&steps)),
                ("run", to_cel(&json!({"id": run.to_string()}))),
                ("workflow", to_cel(&json!({"name": name, "version": version}))),
            ],
        }
    }

    pub(super) fn variables(&self) -> &[(&'static str, Cel)] {
        &self.variables
    }
}

/// An event as expressions see it: `id`, `type`, `source`, `subject`, `time`, `priority`, `tags` and `data`. Every
/// member is there; what the event leaves open is `null`, `tags` an empty object. Data that is no JSON is in
/// `data_base64`.
#[must_use]
pub fn event_value(event: &NewEvent, id: EventId, taken_in: Timestamp) -> Value {
    let tags: Map<_, _> =
        event.tags().iter().map(|(name, value)| (name.clone(), Value::from(value.as_str()))).collect();
    json!({
        "id": id.to_string(),
        "type": event.event_type().as_str(),
        "source": event.source().as_str(),
        "subject": event.subject(),
        "time": event.time().unwrap_or(taken_in).to_string(),
        "priority": event.priority().as_str(),
        "tags": tags,
        "data": event.data().json(),
        "data_base64": event.data().base64(),
    })
}
