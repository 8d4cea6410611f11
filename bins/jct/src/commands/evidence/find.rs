//! The run that is meant, in the database itself.

use jct_contract::{ObjectId, RunId, TaskId};
use jct_store::{Store, StoreError};

/// The run of this id, or the latest run of the task of this id.
pub(super) async fn run_of(store: &Store, name: ObjectId) -> Result<Option<RunId>, StoreError> {
    let run = RunId::from_uuid(name.as_uuid());
    if store.run_place(run).await?.is_some() {
        return Ok(Some(run));
    }
    let task = TaskId::from_uuid(name.as_uuid());
    let Some(issue) = store.task_get(task).await?.and_then(|record| record.issue_id) else { return Ok(None) };
    let Some(graph) = store.issue_graph(issue).await? else { return Ok(None) };
    let mut latest = None;
    for run in graph.runs {
        // A follow-up task has the issue of its predecessor.
        let place = store.run_place(run.id).await?.filter(|place| place.task_id == task);
        latest = latest.max(place.map(|place| (place.attempt, run.id)));
    }
    Ok(latest.map(|(_, run)| run))
}
