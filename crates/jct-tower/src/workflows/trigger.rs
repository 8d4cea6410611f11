//! Which runs an event starts.

use std::sync::Arc;
use std::time::Duration;

use jct_contract::{TraceId, WorkflowId, canonical_json};
use jct_event::EventType;
use jct_store::StoreError;
use jct_store::model::{ActiveWorkflow, EventRecord, NewWorkflowRun, RunCause};
use jct_workflow::{Context, event_value};

use super::catalog::{Catalog, Known};
use crate::work::Causes;

/// The workflows that events start, with what starts them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Triggers(Vec<(ActiveWorkflow, Arc<Known>)>);

/// What an event starts.
#[derive(Debug, Default)]
pub(crate) struct Fired {
    pub(crate) runs: Vec<NewWorkflowRun>,
    /// Workflows whose condition came to nothing, and why: they are not started, and it is told.
    pub(crate) undecided: Vec<(WorkflowId, String)>,
}

impl Triggers {
    /// Those that are active now.
    pub(crate) async fn load(catalog: &Catalog) -> Result<Self, StoreError> {
        let mut all = Vec::new();
        for active in catalog.store().workflows_active().await? {
            match catalog.version(active.id, active.version).await {
                Ok(known) => all.push((active, known)),
                // One that nobody can read must not hold up the events of all others.
                Err(error @ StoreError::Corrupt { .. }) => {
                    log::error!(workflow_id:% = active.id, cause:% = Causes(&error); "a workflow is not started by events");
                }
                Err(error) => return Err(error),
            }
        }
        Ok(Self(all))
    }

    /// Whether an event of this type may start any.
    pub(crate) fn wants(&self, event_type: &EventType) -> bool {
        let filters = self.0.iter().flat_map(|(_, known)| known.definition.trigger().event_types());
        filters.into_iter().any(|filter| filter.matches(event_type))
    }

    /// The runs that an event starts.
    pub(crate) fn fired(&self, record: &EventRecord) -> Fired {
        let event_type = record.event.event_type();
        let mut fired = Fired::default();
        if !self.wants(event_type) {
            return fired;
        }
        let event = event_value(&record.event, record.id, record.created_at);
        let (context, text): (_, Arc<str>) = (Context::for_trigger(&event), canonical_json(&event).into());
        for (active, known) in &self.0 {
            match known.definition.trigger().fires(event_type, &context) {
                Ok(false) => {}
                Ok(true) => fired.runs.push(NewWorkflowRun {
                    workflow_id: active.id,
                    version: active.version,
                    cause: RunCause::Event { id: record.id },
                    event: Arc::clone(&text),
                    depth: record.depth,
                    timeout: Duration::from_secs(known.definition.timeout_seconds().into()),
                    trace_id: TraceId::generate(),
                }),
                Err(error) => {
                    let name = known.definition.name().as_str();
                    log::warn!(workflow = name, event_id:% = record.id, cause:% = error; "a condition came to nothing");
                    fired.undecided.push((active.id, error.to_string()));
                }
            }
        }
        fired
    }
}
