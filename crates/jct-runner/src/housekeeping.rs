//! Clearing up after workers that were killed: what they began and nobody will finish.

use std::path::Path;
use std::time::Duration;

use jct_contract::{Clock, SystemClock};
use jct_tower::work::Causes;
use jct_trace::{SweepPolicy, SweepReport, TraceRoot};

/// Age from which an unsealed trace folder counts as left behind: twice the longest time budget that a policy can
/// allow, so that no running attempt is ever meant.
const ORPHANED_AFTER: Duration = Duration::from_secs(2 * 86_400);

/// Removes orphaned trace folders and workspaces, and ends the processes that were left in the latter. A worker that
/// cannot clear up can still work, so failures are only logged.
pub(crate) async fn clear_up(traces: TraceRoot, workspaces: &Path) {
    if let Err(error) = tokio::task::spawn_blocking(move || clear_traces(&traces)).await {
        log::warn!(cause:% = Causes(&error); "looking for orphaned trace folders was not finished");
    }
    clear_workspaces(workspaces).await;
}

fn clear_traces(traces: &TraceRoot) {
    let policy = SweepPolicy { now: SystemClock.now(), older_than: ORPHANED_AFTER };
    match traces.sweep_orphans(policy, |_| false) {
        Ok(report) => note(&report),
        Err(error) => log::warn!(cause:% = Causes(&error); "cannot look for orphaned trace folders"),
    }
}

async fn clear_workspaces(workspaces: &Path) {
    match jct_exec::recover_workspaces(workspaces).await {
        Ok(found) if found.removed > 0 => {
            log::info!(removed = found.removed, processes_killed = found.killed; "removed abandoned workspaces");
        }
        Ok(_) => {}
        Err(error) => log::warn!(cause:% = Causes(&error); "cannot look for abandoned workspaces"),
    }
}

fn note(SweepReport { removed, failed }: &SweepReport) {
    for folder in removed {
        log::info!(task_id:% = folder.task_id, attempt = folder.attempt; "removed an orphaned trace folder");
    }
    for (folder, error) in failed {
        let cause = Causes(error);
        log::warn!(task_id:% = folder.task_id, attempt = folder.attempt, cause:% = cause; "an orphaned trace folder stays");
    }
}
