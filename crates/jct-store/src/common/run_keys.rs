//! The idempotency keys of runs that are started by hand: each stands for one run of its workflow.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::Conn;
use crate::StoreError;
use crate::model::{RunKey, RunStartAnswer};
use crate::rows::WorkflowRunRow;
use crate::schema_workflows::workflow_runs;
use crate::types::Id;

/// What a key is answered with that has a run; `None` if it has none. To be asked under the lock of the workflow, so that
/// of two who ask at once the second finds what the first started.
pub(super) async fn known(conn: &mut Conn, workflow: Id, key: &RunKey) -> Result<Option<RunStartAnswer>, StoreError> {
    let known: Option<WorkflowRunRow> = workflow_runs::table
        .filter(workflow_runs::workflow_id.eq(workflow))
        .filter(workflow_runs::idempotency_key.eq(key.key.clone()))
        .select(WorkflowRunRow::as_select())
        .first(conn)
        .await
        .optional()?;
    let Some(row) = known else { return Ok(None) };
    if row.idempotency_digest.as_deref() == Some(key.digest.to_string().as_str()) {
        return Ok(Some(RunStartAnswer::Replayed(Box::new(row.try_into()?))));
    }
    Ok(Some(RunStartAnswer::KeyReused { run: row.id.into() }))
}
