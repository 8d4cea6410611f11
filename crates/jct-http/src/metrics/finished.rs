//! How long tasks waited and ran, and how they ended.
//!
//! Workers are processes of their own and have no page to scrape. Their accepted ends are in the store, so each scrape
//! reads what ended since the last one. The numbers are those of the whole tower since this process began to serve.

use std::time::Duration;

use jct_contract::{Clock, SystemClock, Timestamp};
use jct_store::StoreError;
use jct_store::model::FinishedTask;
use jct_tower::Tower;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use tokio::sync::Mutex;

/// Seconds; a wait is milliseconds when a worker is free and hours when none is.
const WAIT_SECONDS: [f64; 12] = [0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 30.0, 60.0, 300.0, 1800.0, 3600.0];
const RUN_SECONDS: [f64; 12] = [0.05, 0.1, 0.5, 1.0, 5.0, 30.0, 60.0, 300.0, 900.0, 1800.0, 3600.0, 14400.0];
/// Ends younger than this may still be on their way into the database, in no particular order.
const SETTLED_AFTER: Duration = Duration::from_secs(2);
const PAGE: u32 = 5_000;
/// The rest of a long silence is read by the next scrape.
const MAX_PAGES: usize = 20;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct End {
    status: &'static str,
    reason: &'static str,
}

#[derive(Debug)]
pub(super) struct FinishedMetrics {
    finished: Family<End, Counter>,
    wait_seconds: Histogram,
    run_seconds: Histogram,
    /// Everything that ended until then is counted.
    counted_until: Mutex<Timestamp>,
}

impl FinishedMetrics {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let metrics = Self {
            finished: Family::default(),
            wait_seconds: Histogram::new(WAIT_SECONDS),
            run_seconds: Histogram::new(RUN_SECONDS),
            // By this machine's clock; on PostgreSQL a few seconds of difference do not matter here.
            counted_until: Mutex::new(SystemClock.now()),
        };
        let Self { finished, wait_seconds, run_seconds, .. } = &metrics;
        registry.register(
            "tasks_finished",
            "Tasks of the whole tower that ended since this process began to serve, by status and reason, up to 2 seconds ago",
            finished.clone(),
        );
        registry.register(
            "task_wait_seconds",
            "Seconds from queued to first started, of tasks that ended since this process began to serve",
            wait_seconds.clone(),
        );
        registry.register(
            "task_run_seconds",
            "Seconds from first started to ended, retries included, of tasks that ended since this process began to serve",
            run_seconds.clone(),
        );
        metrics
    }

    pub(super) async fn look(&self, tower: &Tower) -> Result<(), StoreError> {
        let mut counted_until = self.counted_until.lock().await;
        let until = earlier(tower.now().await?, SETTLED_AFTER);
        for _ in 0..MAX_PAGES {
            if until <= *counted_until {
                break;
            }
            let page = tower.finished_between(*counted_until, until, PAGE).await?;
            let is_full = page.len() >= usize::try_from(PAGE).unwrap_or(usize::MAX);
            *counted_until = if is_full { self.count_whole_moments(&page) } else { self.count(&page, until) };
            if !is_full {
                break;
            }
        }
        Ok(())
    }

    fn count(&self, tasks: &[FinishedTask], until: Timestamp) -> Timestamp {
        for task in tasks {
            self.observe(task);
        }
        until
    }

    /// A full page may have cut through tasks that ended in the same moment; those are left for the next page, unless
    /// they are the whole page.
    fn count_whole_moments(&self, tasks: &[FinishedTask]) -> Timestamp {
        let last = tasks.last().map_or(Timestamp::from_micros(i64::MIN), |task| task.finished_at);
        let whole = tasks.partition_point(|task| task.finished_at < last);
        match tasks.get(..whole).and_then(<[FinishedTask]>::last) {
            Some(before) => self.count(tasks.get(..whole).unwrap_or_default(), before.finished_at),
            None => self.count(tasks, last),
        }
    }

    fn observe(&self, task: &FinishedTask) {
        let FinishedTask { task_id: _, status, reason, queued_at, started_at, finished_at } = task;
        self.finished.get_or_create(&End { status: status.as_str(), reason: reason.as_str() }).inc();
        let Some(started_at) = started_at else { return };
        self.run_seconds.observe(finished_at.since(*started_at).as_secs_f64());
        if let Some(queued_at) = queued_at {
            self.wait_seconds.observe(started_at.since(*queued_at).as_secs_f64());
        }
    }
}

fn earlier(at: Timestamp, span: Duration) -> Timestamp {
    Timestamp::from_micros(at.as_micros().saturating_sub(i64::try_from(span.as_micros()).unwrap_or(i64::MAX)))
}

#[cfg(test)]
mod tests {
    use jct_contract::TaskId;
    use jct_lifecycle::{ReasonCode, TaskStatus};

    use super::*;

    fn finished(micros: i64) -> FinishedTask {
        let finished_at = Timestamp::from_micros(micros);
        FinishedTask {
            task_id: TaskId::at(finished_at),
            status: TaskStatus::Completed,
            reason: ReasonCode::Completed,
            queued_at: Some(Timestamp::from_micros(0)),
            started_at: Some(Timestamp::from_micros(0)),
            finished_at,
        }
    }

    #[track_caller]
    fn check(ends: &[i64], counted: u64, until: i64) {
        let metrics = FinishedMetrics::register(&mut Registry::default());
        let tasks: Vec<_> = ends.iter().copied().map(finished).collect();
        assert_eq!(metrics.count_whole_moments(&tasks), Timestamp::from_micros(until));
        let end = End { status: "completed", reason: "COMPLETED" };
        assert_eq!(metrics.finished.get_or_create(&end).get(), counted);
    }

    #[test]
    fn a_full_page_counts_no_moment_twice_and_none_halfway() {
        check(&[1, 2, 3, 3], 2, 2);
        check(&[1, 1, 2], 2, 1);
        check(&[3, 3, 3], 3, 3);
    }
}
