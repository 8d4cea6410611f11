//! What the tower's own events are consequences of. Without it a workflow that its own steps start would never end.

use std::collections::{HashMap, HashSet};

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use jct_contract::WorkflowRunId;
use jct_event::run_of_key;

use super::Conn;
use crate::StoreError;
use crate::model::EventCause;
use crate::rows::to_u32;
use crate::schema_workflows::workflow_runs;
use crate::types::Id;

/// What tasks with these keys are consequences of.
pub(super) async fn causes(
    conn: &mut Conn,
    keys: impl Iterator<Item = &str>,
) -> Result<HashMap<WorkflowRunId, EventCause>, StoreError> {
    let runs: HashSet<Id> = keys.filter_map(run_of_key).map(Id::from).collect();
    if runs.is_empty() {
        return Ok(HashMap::new());
    }
    let found: Vec<(Id, i64)> = workflow_runs::table
        .filter(workflow_runs::id.eq_any(runs))
        .select((workflow_runs::id, workflow_runs::depth))
        .load(conn)
        .await?;
    let each = found.into_iter().map(|(id, depth)| {
        let run = WorkflowRunId::from(id);
        Ok((run, cause_of(run, to_u32("depth", depth)?)))
    });
    each.collect()
}

pub(super) fn cause_of(run: WorkflowRunId, depth: u32) -> EventCause {
    EventCause { by: format!("workflow_run/{run}"), depth }
}
