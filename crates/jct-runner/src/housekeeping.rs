//! Clearing up after workers that were killed: what they began and nobody will finish.

use std::convert::Infallible;
use std::future::pending;
use std::path::Path;
use std::time::Duration;

use jct_contract::{Clock, SystemClock};
use jct_exec::git::MaintenanceRules;
use jct_exec::process::Bounds;
use jct_exec::{KeepRules, Workshop};
use jct_tower::work::Causes;
use jct_trace::{SweepPolicy, SweepReport, TraceRoot};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

/// Age from which an unsealed trace folder counts as left behind: twice the longest time budget that a policy can
/// allow, so that no running attempt is ever meant.
const ORPHANED_AFTER: Duration = Duration::from_secs(2 * 86_400);

/// Between two looks for workspaces that were kept long enough.
const SWEEP_INTERVAL: Duration = Duration::from_secs(3600);

/// Removes orphaned trace folders and workspaces, and ends the processes that were left in the latter. A worker that
/// cannot clear up can still work, so failures are only logged.
pub(crate) async fn clear_up(traces: TraceRoot, workspaces: &Path, keep: KeepRules) {
    if let Err(error) = tokio::task::spawn_blocking(move || clear_traces(&traces)).await {
        log::warn!(cause:% = Causes(&error); "looking for orphaned trace folders was not finished");
    }
    clear_workspaces(workspaces, keep).await;
}

/// Removes workspaces whose time has come, hour after hour.
pub(crate) async fn keep_clearing(workspaces: &Path, keep: KeepRules) -> Infallible {
    loop {
        sleep(SWEEP_INTERVAL).await;
        clear_workspaces(workspaces, keep).await;
    }
}

/// Looks after the repositories that nobody uses at the moment, at once and hour after hour.
pub(crate) async fn keep_maintaining(workshop: Option<&Workshop>) -> Infallible {
    let Some(workshop) = workshop else { return pending().await };
    loop {
        let bounds = Bounds::new(SWEEP_INTERVAL, CancellationToken::new());
        match workshop.cache().maintain(MaintenanceRules::default(), &bounds).await {
            Ok(done) if done.repacked > 0 => {
                log::info!(repacked = done.repacked, pins_dropped = done.pins_dropped; "looked after the cached repositories");
            }
            Ok(_) => {}
            Err(error) => log::warn!(cause:% = Causes(&error); "cannot look after the cached repositories"),
        }
        sleep(SWEEP_INTERVAL).await;
    }
}

fn clear_traces(traces: &TraceRoot) {
    let policy = SweepPolicy { now: SystemClock.now(), older_than: ORPHANED_AFTER };
    match traces.sweep_orphans(policy, |_| false) {
        Ok(report) => note(&report),
        Err(error) => log::warn!(cause:% = Causes(&error); "cannot look for orphaned trace folders"),
    }
}

async fn clear_workspaces(workspaces: &Path, keep: KeepRules) {
    match jct_exec::sweep_workspaces(workspaces, keep).await {
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
